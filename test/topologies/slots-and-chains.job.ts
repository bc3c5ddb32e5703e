import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

/** Different parallelism, slot sharing groups and broken chains: every kind of edge between threads. */
export default defineJob('slots-and-chains', (env) => {
  env
    .fromSequence(0, 199)
    .setParallelism(3)
    .slotSharingGroup('sources')
    .map((n) => n + 1)
    .setParallelism(2)
    .map((n) => n * 2)
    .setParallelism(2)
    .disableChaining()
    .slotSharingGroup('middle')
    .map((n) => n - 1)
    .setParallelism(1)
    .startNewChain()
    .keyBy((n) => n % 4)
    .reduce((a, b) => Math.max(a, b))
    .uid('largest')
    .setParallelism(4)
    .slotSharingGroup('default')
    .map((n) => n % 2)
    .collect('parities')
})

export const expected = { parities: { inAnyOrder: range(200).map(() => 1) } }
