import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

/** One input makes far more output than the channels hold, through two generators in a row. */
export default defineJob('outrunning-generator', (env) => {
  env
    .fromElements(1, 2, 3)
    .flatMap(function* (n) {
      for (let i = 0; i < 1_000; i++) yield n * 10_000 + i
    })
    .setParallelism(1)
    .flatMap(function* (n) {
      yield { n, text: `record ${n}` }
      yield { n: -n, text: `minus ${n}` }
    })
    .setParallelism(1)
    .rebalance()
    .map(({ n }) => n)
    .collect('numbers')
})

export const expected = {
  numbers: { inAnyOrder: [1, 2, 3].flatMap((n) => range(1_000).flatMap((i) => [n * 10_000 + i, -(n * 10_000 + i)])) },
}
