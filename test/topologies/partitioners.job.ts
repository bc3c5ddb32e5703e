import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

const COUNT = 300

export default defineJob('partitioners', (env) => {
  const numbers = env.fromSequence(0, COUNT - 1)
  numbers
    .rebalance()
    .map((n) => n)
    .collect('rebalance')
  numbers
    .rescale()
    .map((n) => n)
    .setParallelism(3)
    .collect('rescale')
    .setParallelism(3)
  numbers
    .shuffle()
    .map((n) => n)
    .collect('shuffle')
  numbers
    .global()
    .map((n) => n)
    .collect('global')
  numbers
    .broadcast()
    .map((n) => n)
    .setParallelism(2)
    .collect('broadcast')
    .setParallelism(2)
  numbers
    .partitionCustom(
      (key: number, channelCount) => key % channelCount,
      (n) => n % 13,
    )
    .map((n) => n)
    .collect('custom')
  numbers
    .forward()
    .map((n) => n)
    .startNewChain()
    .collect('forward')
})

const once = { inAnyOrder: range(COUNT) }
export const expected = {
  rebalance: once,
  rescale: once,
  shuffle: once,
  global: once,
  broadcast: { inAnyOrder: [...range(COUNT), ...range(COUNT)] },
  custom: once,
  forward: once,
}
