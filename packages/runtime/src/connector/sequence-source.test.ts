import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SystemClock } from '../base/clock.ts'
import { readSource } from '../testing/source-harness.ts'
import { readSourceThroughFailures } from '../testing/source-restores.ts'
import { SequenceSource, splitSequence } from './sequence-source.ts'

const clock = new SystemClock()

test('SequenceSource gives each subtask one contiguous part, both ends included', async () => {
  const { records } = await readSource(new SequenceSource(-1, 6), { clock, parallelism: 3 })
  expect(records).toEqual([
    [-1, 0, 1],
    [2, 3, 4],
    [5, 6],
  ])
})

test('SequenceSource leaves subtasks idle if there are fewer numbers', async () => {
  const { records } = await readSource(new SequenceSource(7, 8), { clock, parallelism: 4 })
  expect(records).toEqual([[7], [8], [], []])
})

test('SequenceSource loses nothing and repeats nothing wherever the output is full', async () => {
  const { records } = await readSource(new SequenceSource(1, 10), { clock, parallelism: 2, pollLimit: () => 3 })
  expect(records).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7, 8, 9, 10],
  ])
})

test('SequenceSource occupies all subtasks after a restore at a higher parallelism', async () => {
  const source = new SequenceSource(1, 100)
  const { snapshot } = await readSource(source, { clock, snapshotAfter: 20, recordsMax: 20 })
  const { records } = await readSource(source, { clock, parallelism: 4, restore: snapshot })
  expect(records.map((own) => own.length)).toEqual([20, 20, 20, 20])
})

test('splitSequence cuts any sequence into parts that join without gap and differ in size by one at most', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), fc.integer({ min: 1, max: 50 }), (a, b, splitCount) => {
      const from = Math.min(a, b)
      const to = Math.max(a, b)
      const splits = splitSequence(from, to, splitCount)
      expect(splits[0]?.from).toBe(from)
      expect(splits.at(-1)?.to).toBe(to)
      for (const [i, split] of splits.slice(1).entries()) expect(split.from).toBe(splits[i]!.to + 1)
      const sizes = splits.map((split) => BigInt(split.to) - BigInt(split.from))
      expect(sizes.every((size) => sizes[0]! - size <= 1n && size <= sizes[0]!)).toBe(true)
      const count = BigInt(to) - BigInt(from) + 1n
      expect(splits.length).toBe(count < splitCount ? Number(count) : splitCount)
    }),
  )
})

test('SequenceSource emits every number once through failures, at any parallelism', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          parallelism: fc.integer({ min: 1, max: 5 }),
          snapshotAfter: fc.integer({ min: 0, max: 9 }),
          recordsLost: fc.integer({ min: 0, max: 9 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
      fc.integer({ min: 1, max: 5 }),
      async (attempts, limits, parallelism) => {
        const pollLimit = () => limits.next().value!
        await readSourceThroughFailures(new SequenceSource(1, 30), { clock, attempts, parallelism, pollLimit })
      },
    ),
  )
})
