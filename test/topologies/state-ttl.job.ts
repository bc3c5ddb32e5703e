import {
  defineJob,
  type ListState,
  ListStateDescriptor,
  type RichMapFunction,
  type RuntimeContext,
  StateTtlConfig,
  Types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '@millrace/runtime'
import { LingeringSource } from './lingering-source.ts'
import { range } from './topology.ts'

const SHORT_MS = 10
const LONG_MS = 3_600_000

/** What is kept of the group before, by values that expire between two groups and by one that does not. */
class Kept implements RichMapFunction<string, string> {
  #short!: ValueState<number>
  #items!: ListState<string>
  #long!: ValueState<number>

  open(context: RuntimeContext) {
    const short = StateTtlConfig.newBuilder(SHORT_MS).build()
    const long = StateTtlConfig.newBuilder(LONG_MS).updateTtlOnReadAndWrite().build()
    this.#short = context.getState(new ValueStateDescriptor('short', Types.LONG, { ttl: short }))
    this.#items = context.getListState(new ListStateDescriptor('items', Types.STRING, { ttl: short }))
    this.#long = context.getState(new ValueStateDescriptor('long', Types.LONG, { ttl: long }))
  }

  map(word: string) {
    const before = `${this.#short.value()} ${this.#items.get().length} ${this.#long.value()}`
    this.#short.update(1)
    this.#items.add(word)
    this.#long.update((this.#long.value() ?? 0) + 1)
    return `${word}: ${before}`
  }
}

const words = range(20).map((n) => `word ${n}`)

export default defineJob('state-ttl', (env) => {
  env
    .fromSource(new LingeringSource(words, words), WatermarkStrategy.noWatermarks(), 'Words')
    .setBufferTimeout(0)
    .keyBy((word) => word)
    .map(new Kept())
    .uid('kept')
    .collect('kept')
})

export const expected = {
  kept: {
    inAnyOrder: words.flatMap((word) => [`${word}: undefined 0 undefined`, `${word}: undefined 0 1`]),
  },
}
