import { expect, test } from 'vitest'
import { type Clock, SystemClock } from '../base/clock.ts'
import { RecordedMetrics, silentLogger, testJobInfo, testTaskInfo } from '../testing/connector-contexts.ts'
import { readSource } from '../testing/source-harness.ts'
import { type AsyncIterableFactory, AsyncIterableSource } from './async-iterable-source.ts'
import type { ReaderOutput, SourceReader, SourceSplit } from './source.ts'

const clock = new SystemClock()

test('AsyncIterableSource emits what the iterable yields, and ends with it', async () => {
  const source = new AsyncIterableSource(async function* () {
    yield 'a'
    await new Promise((resolve) => setImmediate(resolve))
    yield 'b'
  })
  const { records } = await readSource(source, { clock, parallelism: 2, pollLimit: () => 1 })
  expect(records).toEqual([['a', 'b'], []])
})

test('AsyncIterableSource takes a plain iterable as well', async () => {
  const { records } = await readSource(new AsyncIterableSource(() => [1, 2, 3]), { clock })
  expect(records).toEqual([[1, 2, 3]])
})

test('AsyncIterableSource calls its factory once, in the subtask that reads it', async () => {
  let calls = 0
  const source = new AsyncIterableSource(() => {
    calls++
    return []
  })
  await readSource(source, { clock, parallelism: 3 })
  expect(calls).toBe(1)
})

test('AsyncIterableSource fails with the cause of its iterable, after what was yielded before', async () => {
  const cause = new Error('connection reset')
  const { reader } = readerOf(async function* () {
    yield 1
    throw cause
  })
  const seen = await settled(reader)
  expect(seen.records).toEqual([1])
  expect(seen.error).toMatchObject({ code: 'ASYNC_ITERABLE_FAILED', cause })
})

test('AsyncIterableSource fails with the cause of its factory', async () => {
  const cause = new Error('no such host')
  const source = new AsyncIterableSource<number>(() => {
    throw cause
  })
  await expect(readSource(source, { clock })).rejects.toMatchObject({ code: 'ASYNC_ITERABLE_FAILED', cause })
})

test('AsyncIterableSource reads ahead a bounded number of records while nobody polls', async () => {
  let yielded = 0
  const { reader } = readerOf(async function* () {
    for (;;) yield ++yielded
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(yielded).toBe(1_024)
  await reader.close?.()
})

test('AsyncIterableSource lets a generator run its finally, when the job ends early', async () => {
  const events: string[] = []
  const { reader, abort } = readerOf(async function* ({ signal }) {
    signal.addEventListener('abort', () => events.push('aborted'))
    try {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve))
        yield 1
      }
    } finally {
      events.push('finally')
    }
  })
  await reader.isAvailable()
  abort.abort()
  await reader.close?.()
  expect(events).toEqual(['aborted', 'finally'])
})

test('AsyncIterableSource does not wait without end for an iterable that ignores its signal', async () => {
  const delays: number[] = []
  const impatient: Clock = {
    now: () => 0,
    monotonicMs: () => 0,
    schedule(delayMs, callback) {
      delays.push(delayMs)
      setImmediate(callback)
      return () => {}
    },
  }
  const { reader } = readerOf(
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<number>>(() => {}) }) }),
    impatient,
  )
  await reader.close?.()
  expect(delays).toEqual([1_000])
})

test('AsyncIterableSource begins its iterable anew after a restore, with a warning, unless it had ended', async () => {
  let calls = 0
  const source = new AsyncIterableSource(() => {
    calls++
    return ['a', 'b']
  })
  const { snapshot } = await readSource(source, { clock, snapshotAfter: 1, recordsMax: 1 })
  const restored = await readSource(source, { clock, restore: snapshot })
  expect({ calls, records: restored.records, warnings: restored.warnings }).toEqual({
    calls: 2,
    records: [['a', 'b']],
    warnings: [
      'The iterable of fromAsyncIterable cannot go on where the snapshot left it: it is begun anew, so records may come twice or be missing',
    ],
  })
  const again = await readSource(source, { clock, restore: restored.snapshot })
  expect({ calls, records: again.records }).toEqual({ calls: 2, records: [[]] })
})

function readerOf<T>(factory: AsyncIterableFactory<T>, clockOfReader: Clock = clock) {
  const abort = new AbortController()
  const reader = new AsyncIterableSource(factory).createReader({
    taskInfo: testTaskInfo(0, 1),
    jobInfo: testJobInfo(),
    logger: silentLogger,
    metrics: new RecordedMetrics(),
    clock: clockOfReader,
    signal: abort.signal,
    restoredCheckpointId: undefined,
    sendSplitRequest: () => {},
    sendSourceEvent: () => {},
  })
  reader.addSplits([{ splitId: 'all' }])
  reader.notifyNoMoreSplits()
  return { reader, abort }
}

async function settled<T>(reader: SourceReader<T, SourceSplit>): Promise<{ records: T[]; error: unknown }> {
  const records: T[] = []
  const output: ReaderOutput<T> = {
    collect: (record) => {
      records.push(record)
      return true
    },
  }
  try {
    while (reader.pollNext(output) !== 'end-of-input') await reader.isAvailable()
    return { records, error: undefined }
  } catch (error) {
    return { records, error }
  }
}
