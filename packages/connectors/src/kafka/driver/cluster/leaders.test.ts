import { expect, test } from 'vitest'
import { Leaders } from './leaders.ts'

const first = { topic: 't', partition: 0 }
const second = { topic: 't', partition: 1 }

test('Leaders stay known through partial answers: topics with errors, partitions without leader, brokers that lag behind', () => {
  const leaders = new Leaders()
  leaders.update(answer(0, [1, 5], [2, 3]))
  leaders.update(answer(5, []))
  leaders.update(answer(0, [-1, 6]))
  leaders.update(answer(0, [3, 4], [3, 4]))
  expect([leaders.get(first), leaders.get(second)]).toEqual([
    { nodeId: 1, epoch: 5 },
    { nodeId: 3, epoch: 4 },
  ])
})

test('A leader that was found wrong is not known, while its partition is', () => {
  const leaders = new Leaders()
  leaders.update(answer(0, [1, 5]))
  leaders.forget(first)
  expect([leaders.get(first), leaders.exists(first), leaders.exists(second)]).toEqual([undefined, true, false])
})

function answer(error: number, ...partitions: (readonly [leader?: number, epoch?: number])[]) {
  return {
    topic: 't',
    error,
    isInternal: false,
    partitions: partitions
      .filter((each) => each.length > 0)
      .map(([leader = -1, leaderEpoch = -1], partition) => ({
        error: 0,
        partition,
        leader,
        leaderEpoch,
        replicas: [],
      })),
  }
}
