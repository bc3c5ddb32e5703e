import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

export default defineJob('union', (env) => {
  const evens = env.fromSequence(0, 99).map((n) => n * 2)
  const odds = env.fromCollection(range(100)).map((n) => n * 2 + 1)
  const all = evens.union(odds, evens)
  all.map((n) => n + 0.5).collect('all')
  all
    .keyBy((n) => n % 10)
    .reduce((a, b) => a + b)
    .uid('sum')
    .filter(() => false)
    .collect('none')
})

export const expected = {
  all: { inAnyOrder: range(100).flatMap((n) => [n * 2 + 0.5, n * 2 + 1.5, n * 2 + 0.5]) },
  none: { inAnyOrder: [] },
}
