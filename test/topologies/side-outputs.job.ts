import { defineJob, OutputTag } from '@millrace/runtime'
import { range } from './topology.ts'

const small = new OutputTag<number>('small')
const text = new OutputTag<string>('text')
const unread = new OutputTag<number>('unread')

export default defineJob('side-outputs', (env) => {
  const processed = env
    .fromSequence(1, 100)
    .process<number>((n, context, out) => {
      context.output(unread, n)
      if (n <= 10) context.output(small, n)
      else out.collect(n)
      if (n % 25 === 0) context.output(text, `no ${n}`)
    })
    .name('Split')
  processed.collect('main')
  processed
    .getSideOutput(small)
    .map((n) => -n)
    .collect('small')
  processed
    .getSideOutput(text)
    .keyBy((t) => t)
    .reduce((a) => a)
    .uid('first')
    .collect('text')
})

const numbers = range(100).map((n) => n + 1)
export const expected = {
  main: { inAnyOrder: numbers.filter((n) => n > 10) },
  small: { inAnyOrder: numbers.filter((n) => n <= 10).map((n) => -n) },
  text: { inAnyOrder: ['no 25', 'no 50', 'no 75', 'no 100'] },
}
