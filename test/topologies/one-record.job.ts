import { defineJob } from '@millrace/runtime'

/** Most subtasks see nothing but the end. */
export default defineJob('one-record', (env) => {
  const record = env.fromElements({ name: 'only', n: 7 })
  record
    .rebalance()
    .map(({ n }) => n)
    .setParallelism(6)
    .shuffle()
    .map((n) => n + 1)
    .setParallelism(5)
    .keyBy((n) => n)
    .reduce((a, b) => a + b)
    .uid('sum')
    .setParallelism(4)
    .rescale()
    .map((n) => n * 2)
    .setParallelism(2)
    .collect('reduced')
  record
    .broadcast()
    .filter(() => true)
    .setParallelism(3)
    .collect('copies')
  env.fromSequence(7, 7).setParallelism(4).global().collect('sequence')
  record
    .keyBy(({ name }) => ({ name, list: [1, name] }))
    .sum('n')
    .uid('summed')
    .collect('summed')
})

export const expected = {
  reduced: { inAnyOrder: [16] },
  copies: { inAnyOrder: [1, 2, 3].map(() => ({ name: 'only', n: 7 })) },
  sequence: { inAnyOrder: [7] },
  summed: { inAnyOrder: [{ name: 'only', n: 7 }] },
}
