import { type Collector, defineJob, OutputTag } from '@millrace/runtime'
import { range } from './topology.ts'

const tag = new OutputTag<number>('side')

/** Every kind of operator and edge ends although no record comes. */
export default defineJob('empty-input', (env) => {
  const nothing = env.fromCollection<number>([])
  nothing.map((n) => n).collect('mapped')
  nothing
    .keyBy((n) => n)
    .reduce((a, b) => a + b)
    .uid('sum')
    .collect('reduced')
  nothing
    .rebalance()
    .flatMap<string>({ flatMap: () => {}, endInput: (out: Collector<string>) => out.collect('end') })
    .setParallelism(2)
    .collect('ends')
  const sides = nothing.process<number>((n, context) => context.output(tag, n))
  sides.getSideOutput(tag).broadcast().map(String).collect('side')
  const numbers = env.fromSequence(1, 20)
  numbers
    .connect(nothing.broadcast())
    .map({ map1: (n) => n, map2: (n) => n })
    .collect('connected')
  nothing
    .union(numbers, nothing)
    .map((n) => -n)
    .collect('united')
})

const numbers = range(20).map((n) => n + 1)
export const expected = {
  mapped: { inAnyOrder: [] },
  reduced: { inAnyOrder: [] },
  ends: { inAnyOrder: ['end', 'end'] },
  side: { inAnyOrder: [] },
  connected: { inAnyOrder: numbers },
  united: { inAnyOrder: numbers.map((n) => -n) },
}
