import { DataGeneratorSource } from '@millrace/connectors/datagen'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { CountingSink, LastSumsSink } from '../counting-sink.ts'
import { below, payload } from '../random-numbers.ts'
import { timedSource } from '../timed-source.ts'
import { benchJobArguments } from './job-arguments.ts'

/** W2: a running sum by an integer key. */
export default defineJob('W2', (env, args) => {
  const { input, checks } = benchJobArguments(args)
  const events = new DataGeneratorSource({
    generator: (i) => ({ key: below(i, 1, 10_000), value: below(i, 2, 1_000), payload: payload(i) }),
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
})
