import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

/** Each operator is a task of its own: pauses, and the end, cross an edge between any two of them. */
export default defineJob('no-chaining', (env) => {
  env.disableOperatorChaining()
  env
    .fromSequence(1, 12)
    .setParallelism(1)
    .map((n) => n * 1_000)
    .setParallelism(1)
    .flatMap(function* (n) {
      for (let i = 0; i < 50; i++) yield n + i
    })
    .setParallelism(1)
    .filter((n) => n % 1_000 < 40)
    .setParallelism(1)
    .process<string>({
      processElement: (n, _context, out) => out.collect(`${n}`),
      *endInput() {
        yield* range(30).map((n) => `end ${n}`)
      },
    })
    .setParallelism(1)
    .collect('texts')
    .setParallelism(1)
})

export const expected = {
  texts: {
    inOrder: [
      ...range(12).flatMap((k) => range(40).map((i) => `${(k + 1) * 1_000 + i}`)),
      ...range(30).map((n) => `end ${n}`),
    ],
  },
}
