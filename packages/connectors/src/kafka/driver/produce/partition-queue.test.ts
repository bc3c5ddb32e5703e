import { expect, test } from 'vitest'
import { type OutgoingBatch, PartitionQueue } from './partition-queue.ts'

test('The first batch of a producer goes ahead alone, then as many as may be under way', () => {
  const { queue, leave } = queueOf(4)
  expect(leave()).toEqual([0])
  queue.arrived(queue.underWay[0]!)
  expect(leave()).toEqual([1, 2, 3])
})

test('After a failure nothing leaves until all answers are there; then the first goes alone, with its sequence number', () => {
  const { queue, leave } = queueOf(8)
  leave()
  queue.arrived(queue.underWay[0]!)
  expect(leave()).toEqual([1, 2, 3, 4, 5])
  const [, second, third] = queue.underWay
  queue.failed(100, new Error('lost'))
  expect(leave()).toEqual([])
  // Answers of those that had arrived all the same.
  queue.arrived(second!)
  queue.arrived(third!)
  queue.failed(100, new Error('lost'))
  queue.failed(100, new Error('lost'))
  expect(leave(99)).toEqual([])
  expect(leave(100)).toEqual([1])
  queue.arrived(queue.underWay[0]!)
  expect(leave()).toEqual([4, 5, 6, 7])
})

test('Sequence numbers count on from zero after 2^31 - 1', () => {
  const queue = new PartitionQueue('t', 0)
  queue.nextSequence = 2 ** 31 - 2
  expect([queue.takeSequence(5), queue.takeSequence(1), queue.takeSequence(1)]).toEqual([2 ** 31 - 2, 3, 4])
})

/** A queue with so many batches, and a way to let go what may; it answers their sequence numbers. */
function queueOf(count: number): { queue: PartitionQueue; leave: (nowMs?: number) => number[] } {
  const queue = new PartitionQueue('t', 0)
  for (let i = 0; i < count; i++) queue.waiting.push(batch(queue.takeSequence(1)))
  return {
    queue,
    leave(nowMs = 1_000) {
      const left: number[] = []
      for (let head = queue.head(5, nowMs); head !== undefined; head = queue.head(5, nowMs)) {
        queue.depart(head)
        left.push(head.baseSequence)
      }
      return left
    },
  }
}

function batch(baseSequence: number): OutgoingBatch {
  const bytes = Buffer.alloc(0)
  const settle = (): void => {}
  return {
    bytes,
    sizeBytes: 0,
    recordCount: 1,
    baseSequence,
    deadlineMs: 0,
    resolve: settle,
    reject: settle,
    isSettled: false,
  }
}
