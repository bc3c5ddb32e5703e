import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

/** Records sent one by one, after a while, and in full segments only. */
export default defineJob('buffer-timeouts', (env) => {
  env.setBufferTimeout(0)
  const numbers = env.fromSequence(0, 149)
  numbers
    .rebalance()
    .map((n) => n)
    .collect('at-once')
  numbers
    .map((n) => n)
    .setBufferTimeout(-1)
    .rebalance()
    .map((n) => n)
    .setBufferTimeout(1)
    .keyBy((n) => n % 7)
    .reduce((a, b) => Math.max(a, b))
    .uid('largest')
    .collect('full-segments')
})

export const expected = {
  'at-once': { inAnyOrder: range(150) },
  // Whatever the order in which they come, the last of each key is its largest.
  'full-segments': { includesAll: range(7).map((k) => 143 + k) },
}
