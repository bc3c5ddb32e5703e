import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

const COUNT = 400

/** What operators emit at the end outruns every channel, one after the other. */
export default defineJob('end-of-input', (env) => {
  env
    .fromSequence(1, 10)
    .setParallelism(2)
    .flatMap<string>({
      flatMap: () => {},
      *endInput() {
        for (let i = 0; i < COUNT; i++) yield `first ${i}`
      },
    })
    .setParallelism(2)
    .flatMap<string>({
      flatMap: (text, out) => out.collect(text),
      *endInput() {
        for (let i = 0; i < COUNT; i++) yield `second ${i}`
      },
    })
    .setParallelism(2)
    .rebalance()
    .flatMap<string>({
      flatMap: (text) => [text],
      endInput: () => ['third'],
    })
    .setParallelism(3)
    .collect('texts')
})

export const expected = {
  texts: {
    inAnyOrder: [
      ...range(COUNT).flatMap((i) => [`first ${i}`, `first ${i}`, `second ${i}`, `second ${i}`]),
      'third',
      'third',
      'third',
    ],
  },
}
