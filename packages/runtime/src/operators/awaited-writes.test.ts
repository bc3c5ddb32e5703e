import { expect, test } from 'vitest'
import { AwaitedWrites } from './awaited-writes.ts'
import { PAUSED_MAX } from './paused-iteration.ts'

/** A writer whose writes the test settles; `input` is what a chain calls for each record. */
function world() {
  const written: unknown[] = []
  const pending: PromiseWithResolvers<void>[] = []
  const failures: [record: unknown, error: unknown][] = []
  const availability = { stop: false }
  let rings = 0
  let waits = true
  const writer = {
    write(record: unknown): void | Promise<void> {
      written.push(record)
      if (!waits) return
      const deferred = Promise.withResolvers<void>()
      pending.push(deferred)
      return deferred.promise
    },
  }
  const writes = new AwaitedWrites()
  writes.use(writer)
  writes.connect({
    emit: () => {},
    side: () => {},
    collector: { collect: () => {} },
    fail(record, error) {
      failures.push([record, error])
      throw error
    },
    availability,
    wake: () => {
      rings++
    },
  })
  const input = (record: unknown) => {
    if (writes.busy) writes.hold(record)
    else writes.await(writer.write(record), record)
  }
  const settle = async (error?: unknown) => {
    const { resolve, reject } = pending.shift()!
    if (error === undefined) resolve()
    else reject(error)
    await new Promise((done) => setImmediate(done))
  }
  const visit = () => {
    availability.stop = false
    return writes.resume()
  }
  return {
    written,
    failures,
    availability,
    writes,
    input,
    settle,
    visit,
    rings: () => rings,
    stopWaiting: () => (waits = false),
  }
}

test('Records wait for the write before them, one at a time and in order', async () => {
  const { written, availability, input, settle, visit, rings } = world()
  for (const record of [1, 2, 3]) input(record)
  expect([written, availability.stop, visit(), availability.stop]).toEqual([[1], true, 'blocked', true])
  await settle()
  expect(rings()).toBe(1)
  // What comes before the next visit must not overtake what is held.
  input(4)
  expect([visit(), written]).toEqual(['blocked', [1, 2]])
  await settle()
  expect([visit(), written]).toEqual(['blocked', [1, 2, 3]])
  await settle()
  expect([visit(), written]).toEqual(['blocked', [1, 2, 3, 4]])
  await settle()
  expect([visit(), availability.stop]).toEqual(['done', false])
})

test('A rejection fails the record it belongs to, once, and rings', async () => {
  const { failures, writes, input, settle, written } = world()
  input(1)
  input(2)
  const error = new Error('disk full')
  await settle(error)
  expect(failures).toEqual([[1, error]])
  expect([written, writes.busy]).toEqual([[1], true])
})

test('Only a promise is waited for', () => {
  const { availability, writes } = world()
  for (const returned of [7, null, 'text', {}, Object.fromEntries([['then', 'soon']])]) writes.await(returned, 'r')
  expect([writes.busy, availability.stop, writes.resume(), writes.settled()]).toEqual([false, false, 'done', undefined])
})

test('Many held records are written at once if the writer does not wait again, and are no more than a bound', async () => {
  const { written, input, settle, visit, stopWaiting } = world()
  input(0)
  for (let i = 1; i <= PAUSED_MAX; i++) input(i)
  expect(() => input('one too many')).toThrow(/More than 65536 records wait/)
  stopWaiting()
  await settle()
  expect(visit()).toBe('done')
  expect(written).toEqual(Array.from({ length: PAUSED_MAX + 1 }, (_, i) => i))
})
