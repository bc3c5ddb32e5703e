import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

export default defineJob('stateless-chain', (env) => {
  env
    .fromCollection(range(500))
    .map((n) => ({ n, square: n * n }))
    .filter(({ n }) => n % 3 !== 0)
    .flatMap<string>(({ n, square }, out) => {
      out.collect(`${n}`)
      if (n % 2 === 0) out.collect(`${n}^2=${square}`)
    })
    .setParallelism(1)
    .flatMap(function* (text) {
      yield text
      yield text.toUpperCase()
    })
    .setParallelism(1)
    .collect('texts')
    .setParallelism(1)
})

export const expected = {
  texts: {
    inAnyOrder: range(500)
      .filter((n) => n % 3 !== 0)
      .flatMap((n) => (n % 2 === 0 ? [`${n}`, `${n}^2=${n * n}`] : [`${n}`]))
      .flatMap((text) => [text, text.toUpperCase()]),
  },
}
