import { DataGeneratorSource } from '@millrace/connectors/datagen'
import {
  type DataStream,
  defineJob,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type RuntimeContext,
  Types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '@millrace/runtime'

interface Total {
  readonly sum: number
  readonly note: string
}
interface TotalInWords {
  readonly sum: string
  readonly note: string
}

const note = 'state that is too long to stand within the metadata, so that there are data files. '.repeat(20)

const total = new ValueStateDescriptor<Total>('total', Types.row({ sum: Types.LONG, note: Types.STRING }))
const inWords = Types.row({ sum: Types.STRING, note: Types.STRING })
/** The same state of another type: once without, once with a way from the one to the other. */
const changed = new ValueStateDescriptor<TotalInWords>('total', inWords)
const migrating = new ValueStateDescriptor<TotalInWords>('total', inWords, {
  migrate: (old) => ({ ...(old as Total), sum: `${(old as Total).sum}` }),
})

class Totals implements KeyedProcessFunction<string, number, number> {
  #total!: ValueState<Total>
  open(context: RuntimeContext): void {
    this.#total = context.getState(total)
  }
  *processElement(n: number): Iterable<number> {
    const sum = (this.#total.value()?.sum ?? 0) + n
    this.#total.update({ sum, note })
    yield sum
  }
}

class TotalsInWords implements KeyedProcessFunction<string, number, number> {
  readonly #descriptor: ValueStateDescriptor<TotalInWords>
  #total!: ValueState<TotalInWords>
  constructor(descriptor: ValueStateDescriptor<TotalInWords>) {
    this.#descriptor = descriptor
  }
  open(context: RuntimeContext): void {
    this.#total = context.getState(this.#descriptor)
  }
  *processElement(n: number, _context: KeyedProcessContext<string>): Iterable<number> {
    const sum = Number(this.#total.value()?.sum ?? 0) + n
    this.#total.update({ sum: `${sum}`, note })
    yield sum
  }
}

/** Sums of numbers by key, as versions of a job that keep them in different ways, or not at all. */
export default defineJob('evolving', (env, [version = 'first', count = '0', perSecond = '0']) => {
  const numbers = env
    .fromSource(
      new DataGeneratorSource({
        generator: (n) => n,
        count: Number(count),
        ...(perSecond === '0' ? {} : { recordsPerSecond: Number(perSecond) }),
      }),
      WatermarkStrategy.noWatermarks(),
      'Numbers',
    )
    .uid('numbers')
  const byKey = numbers.keyBy((n) => `key-${n % 100}`)
  let sums: DataStream<number> = numbers
  if (version === 'first') sums = byKey.process(new Totals()).uid('totals')
  if (version === 'other-uid') sums = byKey.process(new Totals()).uid('total')
  if (version === 'changed') sums = byKey.process(new TotalsInWords(changed)).uid('totals')
  if (version === 'migrating') sums = byKey.process(new TotalsInWords(migrating)).uid('totals')
  sums.filter((sum) => sum > 1e12).print()
})
