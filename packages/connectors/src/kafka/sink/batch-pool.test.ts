import { expect, test } from 'vitest'
import { BatchPool } from './batch-pool.ts'

test('The memory of an acknowledged batch is used again, unless a large record made it grow', () => {
  const pool = new BatchPool(4_096, 1_000_000)
  const batch = pool.take()
  batch.append(0, null, 'a')
  pool.giveBack(batch)
  const again = pool.take()
  expect([again === batch, again.recordCount, pool.taken]).toEqual([true, 0, 1])
  again.append(0, null, 'a'.repeat(10_000))
  pool.giveBack(again)
  expect([pool.take() === again, pool.taken]).toEqual([false, 1])
})

test('So many batches may be out as fit into the memory; then one waits until half of them are back', async () => {
  const pool = new BatchPool(4_096, 4 * (4_096 + 1_024))
  const batches = [pool.take(), pool.take(), pool.take()]
  expect([pool.batchesMax, pool.whenRoom()]).toEqual([4, undefined])
  batches.push(pool.take())
  const seen: string[] = []
  const room = pool.whenRoom()?.then(() => seen.push('room'))
  pool.giveBack(batches.pop()!)
  await Promise.resolve()
  expect(seen).toEqual([])
  // Lost: nobody knows who has its bytes. It counts no longer all the same.
  pool.lose()
  await room
  expect([seen, pool.whenRoom()]).toEqual([['room'], undefined])
})

test('Batches of a single record still have two places', () => {
  expect(new BatchPool(0, 1).batchesMax).toBe(2)
})
