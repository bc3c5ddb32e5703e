import { DataGeneratorSource } from '@millrace/connectors/datagen'
import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { CountingSink } from '../counting-sink.ts'
import { mix } from '../random-numbers.ts'
import { timedSource } from '../timed-source.ts'
import { benchJobArguments } from './job-arguments.ts'

/** W1: a chain without state. */
export default defineJob('W1', (env, args) => {
  const count = Number(benchJobArguments(args).input)
  const numbers = new DataGeneratorSource({ generator: (i) => mix(i, 0), count, assignment: 'interleaved' })
  env
    .fromSource(timedSource(numbers), WatermarkStrategy.noWatermarks(), 'Numbers')
    .map((x) => (Math.imul(x, 31) + 7) | 0)
    .filter((x) => (x & 7) !== 0)
    .map((x) => x ^ (x >>> 3))
    .sinkTo(new CountingSink((x) => x))
})
