import { defineJob, reinterpretAsKeyedStream } from '@millrace/runtime'
import { range } from './topology.ts'

export default defineJob('reinterpret-as-keyed', (env) => {
  const summed = env
    .fromCollection(range(100).map((n) => ({ key: n % 6, value: n })))
    .keyBy(({ key }) => key)
    .sum('value')
    .uid('sum')
  reinterpretAsKeyedStream(summed, ({ key }) => key)
    .reduce((a, b) => (a.value > b.value ? a : b))
    .uid('largest')
    .filter(({ key, value }) => key === 3 && value >= 800)
    .collect('large')
})

const sums: number[] = []
let sum = 0
for (const n of range(100)) {
  if (n % 6 !== 3) continue
  sum += n
  if (sum >= 800) sums.push(sum)
}
export const expected = { large: { inOrder: sums.map((value) => ({ key: 3, value })) } }
