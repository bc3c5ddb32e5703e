import {
  type BroadcastContext,
  type BroadcastOnTimerContext,
  type BroadcastProcessFunction,
  type Collector,
  defineJob,
  type KeyedBroadcastProcessFunction,
  type KeyedReadOnlyBroadcastContext,
  type ListState,
  ListStateDescriptor,
  MapStateDescriptor,
  type ReadOnlyBroadcastContext,
  type ReadOnlyBroadcastState,
  type RuntimeContext,
  Types,
  WatermarkStrategy,
} from '@millrace/runtime'
import { LingeringSource } from './lingering-source.ts'
import { range } from './topology.ts'

interface Rule {
  readonly name: string
  readonly divisor: number
}

const rules: readonly Rule[] = [
  { name: 'two', divisor: 2 },
  { name: 'three', divisor: 3 },
  { name: 'five', divisor: 5 },
]
const rulesByName = new MapStateDescriptor<string, Rule>('rules')
const counts = new MapStateDescriptor('counts', Types.STRING, Types.LONG)

const matching = (n: number, state: ReadOnlyBroadcastState<string, Rule>) =>
  [...state.entries()].filter(([, { divisor }]) => n % divisor === 0).map(([name]) => `${name} ${n}`)

const isComplete = (state: ReadOnlyBroadcastState<string, Rule>) => rules.every(({ name }) => state.contains(name))

function remember(rule: Rule, context: BroadcastContext) {
  context.getBroadcastState(rulesByName).put(rule.name, rule)
  const count = context.getBroadcastState(counts)
  count.put('rules', (count.get('rules') ?? 0) + 1)
}

/** Holds numbers back until it knows all rules. */
class Matches implements BroadcastProcessFunction<number, Rule, string> {
  readonly #waiting: number[] = []

  processElement(n: number, context: ReadOnlyBroadcastContext) {
    const state = context.getBroadcastState(rulesByName)
    if (isComplete(state)) return matching(n, state)
    this.#waiting.push(n)
    return []
  }

  processBroadcastElement(rule: Rule, context: BroadcastContext, out: Collector<string>) {
    remember(rule, context)
    const state = context.getBroadcastState(rulesByName)
    if (!isComplete(state)) return
    for (const n of this.#waiting.splice(0)) for (const match of matching(n, state)) out.collect(match)
    out.collect(`${context.getBroadcastState(counts).get('rules')} rules`)
  }
}

/** The same by key, with a timer that looks again. */
class KeyedMatches implements KeyedBroadcastProcessFunction<number, number, Rule, string> {
  #waiting!: ListState<number>

  open(context: RuntimeContext) {
    this.#waiting = context.getListState(new ListStateDescriptor('waiting', Types.LONG))
  }

  processElement(n: number, context: KeyedReadOnlyBroadcastContext<number>) {
    this.#waiting.add(n)
    context.timerService().registerProcessingTimeTimer(context.timerService().currentProcessingTime() + 1)
  }

  processBroadcastElement(rule: Rule, context: BroadcastContext) {
    remember(rule, context)
  }

  *onTimer(timestampMs: number, context: BroadcastOnTimerContext<number>) {
    const state = context.getBroadcastState(rulesByName)
    if (!isComplete(state)) {
      context.timerService().registerProcessingTimeTimer(timestampMs + 10)
      return
    }
    for (const n of this.#waiting.get())
      for (const match of matching(n, state)) yield `${context.getCurrentKey()}: ${match}`
    this.#waiting.clear()
  }
}

export default defineJob('broadcast-state', (env) => {
  const broadcast = env.fromCollection(rules).broadcast(rulesByName, counts)
  env.fromSequence(1, 60).connect(broadcast).process(new Matches()).uid('matches').collect('matches')
  env
    .fromSource(new LingeringSource(range(60)), WatermarkStrategy.noWatermarks(), 'Numbers')
    .setBufferTimeout(0)
    .keyBy((n) => n % 7)
    .connect(broadcast)
    .process(new KeyedMatches())
    .uid('keyed-matches')
    .collect('keyed')
})

const matchesOf = (n: number) => rules.filter(({ divisor }) => n % divisor === 0).map(({ name }) => `${name} ${n}`)

export const expected = {
  matches: { includesAll: [...range(60).flatMap((n) => matchesOf(n + 1)), '3 rules'] },
  keyed: { inAnyOrder: range(60).flatMap((n) => matchesOf(n).map((match) => `${n % 7}: ${match}`)) },
}
