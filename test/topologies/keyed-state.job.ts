import {
  type AggregatingState,
  AggregatingStateDescriptor,
  defineJob,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type ListState,
  ListStateDescriptor,
  type MapState,
  MapStateDescriptor,
  type ReducingState,
  ReducingStateDescriptor,
  type RichCoMapFunction,
  type RichMapFunction,
  type RuntimeContext,
  Types,
  type ValueState,
  ValueStateDescriptor,
} from '@millrace/runtime'
import { range } from './topology.ts'

/** Every kind of keyed state. */
class EveryState implements KeyedProcessFunction<string, number, string> {
  #count!: ValueState<number>
  #lastThree!: ListState<number>
  #byRest!: MapState<string, number>
  #largest!: ReducingState<number>
  #mean!: AggregatingState<number, number>

  open(context: RuntimeContext) {
    this.#count = context.getState(new ValueStateDescriptor('count', Types.LONG, { defaultValue: 0 }))
    this.#lastThree = context.getListState(new ListStateDescriptor('last three', Types.LONG))
    this.#byRest = context.getMapState(new MapStateDescriptor<string, number>('by rest'))
    this.#largest = context.getReducingState(new ReducingStateDescriptor<number>('largest', Math.max))
    this.#mean = context.getAggregatingState(
      new AggregatingStateDescriptor('mean', {
        createAccumulator: () => ({ sum: 0, count: 0 }),
        add(n: number, accumulator) {
          accumulator.sum += n
          accumulator.count++
          return accumulator
        },
        getResult: ({ sum, count }) => sum / count,
      }),
    )
  }

  *processElement(n: number, context: KeyedProcessContext<string>) {
    this.#count.update((this.#count.value() ?? 0) + 1)
    this.#lastThree.add(n)
    if (this.#lastThree.get().length > 3) this.#lastThree.update(this.#lastThree.get().slice(1))
    const rest = `rest ${n % 3}`
    this.#byRest.put(rest, (this.#byRest.get(rest) ?? 0) + 1)
    this.#largest.add(-n)
    this.#mean.add(n)
    const facts = [
      this.#count.value(),
      this.#lastThree.get(),
      [...this.#byRest.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      this.#largest.get(),
      this.#mean.get(),
    ]
    if (this.#count.value() === 20) yield `${context.getCurrentKey()} ${JSON.stringify(facts)}`
  }
}

/** State in a rich function of another kind. */
class Numbered implements RichMapFunction<number, string> {
  #count!: ValueState<number>

  open(context: RuntimeContext) {
    this.#count = context.getState(new ValueStateDescriptor<number>('count'))
  }

  map(n: number) {
    this.#count.update((this.#count.value() ?? 0) + 1)
    return `${n % 7} ${this.#count.value()}`
  }
}

/** State that two streams share. */
class Shared implements RichCoMapFunction<number, string, number> {
  #count!: ValueState<number>

  open(context: RuntimeContext) {
    this.#count = context.getState(new ValueStateDescriptor<number>('count'))
  }

  map1() {
    return this.#next()
  }

  map2() {
    return this.#next()
  }

  #next() {
    this.#count.update((this.#count.value() ?? 0) + 1)
    return this.#count.value() ?? 0
  }
}

export default defineJob('keyed-state', (env) => {
  const numbers = env.fromSequence(1, 100).setParallelism(1)
  numbers
    .keyBy((n) => `a key of thirteen characters or more ${n % 5}`)
    .process(new EveryState())
    .uid('every-state')
    .collect('facts')
  numbers
    .keyBy((n) => n % 7)
    .map(new Numbered())
    .uid('numbered')
    .collect('numbered')
  numbers
    .keyBy((n) => ({ rest: n % 2 === 0 }))
    .connect(env.fromElements('a', 'bb').keyBy((text) => ({ rest: text.length === 2 })))
    .map(new Shared())
    .uid('shared')
    .collect('shared')
})

function factsOf(rest: number): string {
  const numbers = range(100)
    .map((n) => n + 1)
    .filter((n) => n % 5 === rest)
  const byRest = range(3).map((r) => [`rest ${r}`, numbers.filter((n) => n % 3 === r).length])
  const facts = [20, numbers.slice(-3), byRest, Math.max(...numbers.map((n) => -n)), sum(numbers) / 20]
  return `a key of thirteen characters or more ${rest} ${JSON.stringify(facts)}`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

const upTo = (count: number) => range(count).map((n) => n + 1)

export const expected = {
  facts: { inAnyOrder: range(5).map(factsOf) },
  numbered: {
    inAnyOrder: range(7).flatMap((rest) =>
      upTo(100)
        .filter((n) => n % 7 === rest)
        .map((_, i) => `${rest} ${i + 1}`),
    ),
  },
  shared: { inAnyOrder: [...upTo(51), ...upTo(51)] },
}
