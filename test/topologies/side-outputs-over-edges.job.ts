import { defineJob, OutputTag } from '@millrace/runtime'
import { range } from './topology.ts'

const even = new OutputTag<{ n: number }>('even')
const word = new OutputTag<string>('word "quoted"\n')

/** One side output read several times, over edges of every kind, beside a main output that pauses. */
export default defineJob('side-outputs-over-edges', (env) => {
  const numbers = env.fromSequence(0, 79).rebalance()
  const processed = numbers
    .process<number>(function* (n, context) {
      for (let i = 0; i < 30; i++) yield n * 100 + i
      if (n % 2 === 0) context.output(even, { n })
    })
    .setParallelism(2)
  processed
    .rebalance()
    .filter((n) => n % 100 === 29)
    .collect('last')
  const evens = processed.getSideOutput(even)
  evens
    .broadcast()
    .map(({ n }) => n)
    .setParallelism(2)
    .collect('copies')
  evens
    .keyBy(({ n }) => n % 4)
    .reduce((a, b) => ({ n: Math.max(a.n, b.n) }))
    .uid('largest')
    .map(({ n }) => n % 2)
    .collect('parities')
  evens
    .global()
    .map(({ n }) => n)
    .collect('once')
  const connected = evens.connect(env.fromElements('a', 'b')).process<never>({
    processElement1: () => {},
    processElement2: (text, context) => context.output(word, text),
  })
  connected
    .getSideOutput(word)
    .shuffle()
    .map((text) => text)
    .collect('words')
})

const evens = range(40).map((n) => n * 2)
export const expected = {
  last: { inAnyOrder: range(80).map((n) => n * 100 + 29) },
  copies: { inAnyOrder: [...evens, ...evens] },
  parities: { inAnyOrder: evens.map(() => 0) },
  once: { inAnyOrder: evens },
  words: { inAnyOrder: ['a', 'b'] },
}
