import { DataGeneratorSource } from '@millrace/connectors/datagen'
import { type StreamExecutionEnvironment, WatermarkStrategy } from '@millrace/runtime'
import { CountingSink, LastSumsSink } from '../counting-sink.ts'
import { below, payload } from '../random-numbers.ts'
import { timedSource } from '../timed-source.ts'
import { benchJobArguments } from './job-arguments.ts'

/** W2 and W2b, which differ in the key of record `i`. */
export function addRunningSum<K extends number | string>(
  env: StreamExecutionEnvironment,
  args: readonly string[],
  keyOf: (i: number) => K,
): void {
  const { input, checks } = benchJobArguments(args)
  const events = new DataGeneratorSource({
    generator: (i) => ({ key: keyOf(i), value: below(i, 2, 1_000), payload: payload(i) }),
    count: Number(input),
    assignment: 'interleaved',
  })
  env
    .fromSource(timedSource(events), WatermarkStrategy.noWatermarks(), 'Events')
    .keyBy(({ key }) => key)
    .sum('value')
    .uid('running-sum')
    .sinkTo(
      checks
        ? new LastSumsSink(
            ({ key }) => key,
            ({ value }) => value,
          )
        : new CountingSink(() => 1),
    )
}
