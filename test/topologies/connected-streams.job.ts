import { defineJob, OutputTag } from '@millrace/runtime'
import { range } from './topology.ts'

const odd = new OutputTag<number>('odd')

export default defineJob('connected-streams', (env) => {
  const numbers = env.fromSequence(1, 60)
  const words = env.fromElements('a', 'b', 'c')
  const connected = numbers.connect(words)
  connected.map({ map1: (n) => `n${n}`, map2: (word) => `w${word}` }).collect('mapped')
  connected
    .flatMap<string>({
      flatMap1: (n, out) => {
        if (n % 20 === 0) out.collect(`n${n}`)
      },
      *flatMap2(word) {
        yield word
        yield `${word}${word}`
      },
    })
    .collect('flat-mapped')
  const processed = connected.process<number>({
    processElement1: (n, context, out) => {
      if (n % 2 === 0) out.collect(n)
      else context.output(odd, n)
    },
    processElement2: (word, _context, out) => out.collect(-word.length),
  })
  processed.collect('evens')
  processed.getSideOutput(odd).collect('odds')
})

const numbers = range(60).map((n) => n + 1)
export const expected = {
  mapped: { inAnyOrder: [...numbers.map((n) => `n${n}`), 'wa', 'wb', 'wc'] },
  'flat-mapped': { inAnyOrder: ['n20', 'n40', 'n60', 'a', 'aa', 'b', 'bb', 'c', 'cc'] },
  evens: { inAnyOrder: [...numbers.filter((n) => n % 2 === 0), -1, -1, -1] },
  odds: { inAnyOrder: numbers.filter((n) => n % 2 === 1) },
}
