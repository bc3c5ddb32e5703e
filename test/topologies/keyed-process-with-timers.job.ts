import {
  type Collector,
  defineJob,
  type KeyedCoProcessFunction,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type OnTimerContext,
  type RuntimeContext,
  Types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '@millrace/runtime'
import { LingeringSource } from './lingering-source.ts'
import { range } from './topology.ts'

/** Counts, and tells the count of a key some time after its first record. */
class CountAndTell implements KeyedProcessFunction<number, number, string> {
  #count!: ValueState<number>

  open(context: RuntimeContext) {
    this.#count = context.getState(new ValueStateDescriptor('count', Types.LONG, { defaultValue: 0 }))
  }

  processElement(_n: number, context: KeyedProcessContext<number>) {
    const timers = context.timerService()
    const count = this.#count.value() ?? 0
    if (count === 0) {
      const now = timers.currentProcessingTime()
      timers.registerProcessingTimeTimer(now + 20)
      timers.registerProcessingTimeTimer(now + 20)
      timers.registerProcessingTimeTimer(now + 10)
      timers.deleteProcessingTimeTimer(now + 10)
    }
    this.#count.update(count + 1)
  }

  *onTimer(timestampMs: number, context: OnTimerContext<number>) {
    yield `${context.getCurrentKey()} came ${this.#count.value()} times`
    if (context.timestamp() !== timestampMs) yield 'a timer has another timestamp'
    this.#count.clear()
  }
}

/** Tells when both sides of a key have come, or its timer has fired: always once for each. */
class Both implements KeyedCoProcessFunction<number, number, string, string> {
  #first!: ValueState<number>

  open(context: RuntimeContext) {
    this.#first = context.getState(new ValueStateDescriptor<number>('first'))
  }

  processElement1(n: number, context: KeyedProcessContext<number>) {
    this.#first.update(n)
    context.timerService().registerProcessingTimeTimer(context.timerService().currentProcessingTime() + 20)
  }

  processElement2(text: string, context: KeyedProcessContext<number>, out: Collector<string>) {
    out.collect(`${context.getCurrentKey()}: ${text}`)
  }

  onTimer(_timestampMs: number, context: OnTimerContext<number>, out: Collector<string>) {
    out.collect(`${context.getCurrentKey()}: first ${this.#first.value()}`)
  }
}

export default defineJob('keyed-process-with-timers', (env) => {
  const numbers = env
    .fromSource(new LingeringSource(range(40)), WatermarkStrategy.noWatermarks(), 'Numbers')
    .setBufferTimeout(0)
  numbers
    .keyBy((n) => n)
    .process(new CountAndTell())
    .uid('count-and-tell')
    .collect('counts')
  const texts = env.fromElements('a', 'bb', 'ccc').keyBy((text) => text.length)
  numbers
    .filter((n) => n < 4)
    .setBufferTimeout(0)
    .keyBy((n) => n)
    .connect(texts)
    .process(new Both())
    .uid('both')
    .collect('both')
})

export const expected = {
  counts: { inAnyOrder: range(40).map((n) => `${n} came 1 times`) },
  both: { inAnyOrder: [...range(4).map((n) => `${n}: first ${n}`), '1: a', '2: bb', '3: ccc'] },
}
