import { expect, test } from 'vitest'
import { SystemClock } from '../base/clock.ts'
import { readSource } from '../testing/source-harness.ts'
import { readSourceThroughFailures } from '../testing/source-restores.ts'
import { CollectionSource } from './collection-source.ts'

const clock = new SystemClock()

test('CollectionSource emits its records in order in the first subtask, undefined among them', async () => {
  const { records } = await readSource(new CollectionSource(['a', undefined, 'b']), { clock, parallelism: 2 })
  expect(records).toEqual([['a', undefined, 'b'], []])
})

test('CollectionSource goes on after every record where the output was full', async () => {
  const { records } = await readSource(new CollectionSource([1, 2, 3]), { clock, pollLimit: () => 1 })
  expect(records).toEqual([[1, 2, 3]])
})

test('CollectionSource of nothing ends', async () => {
  const { records } = await readSource(new CollectionSource([]), { clock })
  expect(records).toEqual([[]])
})

test('CollectionSource goes on behind the last record of a snapshot, and does not begin again when it had ended', async () => {
  const source = new CollectionSource(['a', 'b', 'c', 'd'])
  const attempts = [
    { parallelism: 2, snapshotAfter: 1, recordsLost: 2 },
    { parallelism: 1, snapshotAfter: 3 },
  ]
  expect(await readSourceThroughFailures(source, { clock, attempts, parallelism: 3 })).toEqual(['a', 'b', 'c', 'd'])
})

test('CollectionSource refuses to go on behind the end of a collection that has become shorter', async () => {
  const { snapshot } = await readSource(new CollectionSource(['a', 'b', 'c']), { clock, snapshotAfter: 2 })
  const shorter = new CollectionSource(['a'])
  await expect(readSource(shorter, { clock, restore: snapshot })).rejects.toMatchObject({
    code: 'COLLECTION_TOO_SHORT',
    message: expect.stringMatching(/^Cannot go on with record 3 of a collection of 1: /),
  })
})
