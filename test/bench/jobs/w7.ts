import {
  defineJob,
  type KeyedProcessContext,
  type KeyedProcessFunction,
  type RuntimeContext,
  Types,
  type ValueState,
  ValueStateDescriptor,
  WatermarkStrategy,
} from '@millrace/runtime'
import { CountingSink } from '../counting-sink.ts'
import { type HeldRecord, HoldSource } from '../hold-source.ts'
import { nowUs } from '../now.ts'

/** W7: a value state for each of many keys, all of which are seen once in each run of the job. */
export default defineJob('W7', (env, [keyCount = '']) => {
  env.setMaxParallelism(128)
  env
    .fromSource(new HoldSource(Number(keyCount)), WatermarkStrategy.noWatermarks(), 'Hold')
    .uid('source')
    .keyBy(({ key }) => key)
    .process(new SumByKey())
    .name('Sum')
    .uid('sum')
    .sinkTo(new CountingSink(() => 1))
    .uid('sink')
})

/** Reports when it was opened, and how many keys it saw for the second time. */
class SumByKey implements KeyedProcessFunction<string, HeldRecord, { readonly key: string; readonly sum: number }> {
  #sum!: ValueState<number>
  #matched!: { inc(): void }

  open(context: RuntimeContext): void {
    this.#sum = context.getState(new ValueStateDescriptor('sum', Types.LONG))
    this.#matched = context.metrics.counter('matched')
    context.metrics.counter(`openedUs-${context.taskInfo.index}`).inc(nowUs())
  }

  processElement(
    { key, value }: HeldRecord,
    _context: KeyedProcessContext<string>,
    out: { collect(record: { readonly key: string; readonly sum: number }): void },
  ): void {
    const sum = (this.#sum.value() ?? 0) + value
    this.#sum.update(sum)
    if (sum === 2) this.#matched.inc()
    out.collect({ key, sum })
  }
}
