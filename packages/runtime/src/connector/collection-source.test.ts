import { expect, test } from 'vitest'
import { SystemClock } from '../base/clock.ts'
import { readSource } from '../testing/source-harness.ts'
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
