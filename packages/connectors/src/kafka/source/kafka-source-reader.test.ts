import type { ReaderOutput, SourceReaderContext } from '@millrace/runtime/connector'
import { RecordedMetrics, SimulatedClock, silentLogger, testJobInfo, testTaskInfo } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaDeserializer } from '../formats/deserializer.ts'
import { type FormatContext, FormatNotReady } from '../formats/format-not-ready.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { KafkaSourceReader } from './kafka-source-reader.ts'
import { kafkaSourceSettings } from './kafka-source-settings.ts'

function world(kafka: FakeKafka, deserialize: KafkaDeserializer<string> = (record) => record.valueText() ?? undefined) {
  const clock = new SimulatedClock()
  const metrics = new RecordedMetrics()
  const warnings: unknown[] = []
  const context: SourceReaderContext = {
    jobInfo: testJobInfo(),
    taskInfo: testTaskInfo(0, 1),
    logger: { ...silentLogger, warn: (message, facts) => warnings.push({ message, ...facts }) },
    metrics,
    clock,
    signal: new AbortController().signal,
    restoredCheckpointId: undefined,
    sendSplitRequest: () => {},
    sendSourceEvent: () => {},
  }
  const options = { bootstrapServers: 'fake:9092', driver: kafka.driver, topics: 't', groupId: 'g' }
  const reader = new KafkaSourceReader(kafkaSourceSettings(options), deserialize, context)
  const emitted: string[] = []
  /** Polls once; the output takes `max` records. */
  const poll = (max = Number.POSITIVE_INFINITY) => {
    let left = max
    const output: ReaderOutput<string> = {
      collect(record, timestampMs) {
        emitted.push(timestampMs === undefined ? record : `${record}@${timestampMs}`)
        return --left > 0
      },
    }
    return reader.pollNext(output)
  }
  return { reader, poll, emitted, metrics, warnings, clock }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const split = { splitId: 't-0', topic: 't', partition: 0, offset: 0 }

test('A snapshot has the offset after the last record that was emitted', () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t', 2)
  kafka.write('t', 0, 'a', 'b', 'c')
  const { reader, poll } = world(kafka)
  reader.addSplits([split, { ...split, splitId: 't-1', partition: 1, offset: 0, stoppingOffset: 9 }])
  expect(poll(2)).toBe('more-available')
  expect(reader.snapshotState(1)).toEqual([
    { ...split, offset: 2 },
    { splitId: 't-1', topic: 't', partition: 1, offset: 0, stoppingOffset: 9 },
  ])
})

test("Records carry Kafka's timestamps, if they have one", () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  kafka.write('t', 0, { value: 'a', timestampMs: 5 }, { value: 'b', timestampMs: -1 })
  const { reader, poll, emitted } = world(kafka)
  reader.addSplits([split])
  expect(poll()).toBe('nothing-available')
  expect(emitted).toEqual(['a@5', 'b'])
})

test('A reader that has nothing wakes up when records come', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  const { reader, poll, emitted } = world(kafka)
  const first = reader.isAvailable()
  reader.addSplits([split])
  await first
  expect(poll()).toBe('nothing-available')
  const next = reader.isAvailable()
  kafka.write('t', 0, { value: 'a', timestampMs: 1 })
  await next
  poll()
  expect(emitted).toEqual(['a@1'])
})

test('Records that are left out do not keep a reader from letting others have their turn', () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  kafka.write('t', 0, ...Array.from({ length: 1_500 }, () => 'x'))
  const { reader, poll, emitted } = world(kafka, () => undefined)
  reader.addSplits([split])
  expect(poll()).toBe('more-available')
  expect(reader.snapshotState(1)).toEqual([{ ...split, offset: 1_000 }])
  expect(poll()).toBe('nothing-available')
  expect(emitted).toEqual([])
})

test('A completed checkpoint is told to the group, with partitions that have ended', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t', 2)
  kafka.write('t', 0, 'a', 'b')
  kafka.write('t', 1, 'x')
  const { reader, poll, metrics } = world(kafka)
  reader.addSplits([
    { ...split, stoppingOffset: 1 },
    { ...split, splitId: 't-1', partition: 1 },
  ])
  poll()
  reader.snapshotState(1)
  expect(kafka.committedOffsets('g')).toEqual({})
  reader.notifyCheckpointComplete(1)
  await turn()
  expect(kafka.committedOffsets('g')).toEqual({ 't-0': 1, 't-1': 1 })
  expect(metrics.values()).toMatchObject({
    'KafkaSourceReader.commitsSucceeded': 1,
    'KafkaSourceReader.commitsFailed': 0,
    bytesConsumedTotal: 2,
  })
})

test('A commit that fails is counted and told, and does not fail the job', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  kafka.write('t', 0, 'a')
  const { reader, poll, metrics, warnings } = world(kafka)
  reader.addSplits([split])
  poll()
  kafka.failNext('commitOffsets', new KafkaError('TIMED_OUT', 'Cannot commit'))
  reader.snapshotState(1)
  reader.notifyCheckpointComplete(1)
  await turn()
  expect(metrics.values()).toMatchObject({
    'KafkaSourceReader.commitsSucceeded': 0,
    'KafkaSourceReader.commitsFailed': 1,
  })
  expect(warnings).toEqual([
    { message: 'could not commit offsets of a checkpoint', groupId: 'g', reason: 'Cannot commit' },
  ])
  expect(poll()).toBe('nothing-available')
})

test('Of checkpoints that complete while a commit is under way, the last is told', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  const { reader, poll, metrics } = world(kafka)
  reader.addSplits([split])
  for (const checkpointId of [1, 2, 3, 4]) {
    kafka.write('t', 0, 'a')
    poll()
    reader.snapshotState(checkpointId)
  }
  reader.notifyCheckpointAborted(4)
  for (const checkpointId of [1, 2, 3, 4]) reader.notifyCheckpointComplete(checkpointId)
  await reader.close()
  expect(kafka.committedOffsets('g')).toEqual({ 't-0': 3 })
  expect(metrics.values()).toMatchObject({ 'KafkaSourceReader.commitsSucceeded': 2 })
  expect(kafka.openDrivers).toBe(0)
})

test("Lag and offsets are shown under Flink's names", async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  kafka.write('t', 0, 'a', 'b', 'c', 'd', 'e')
  const { reader, poll, metrics, clock } = world(kafka)
  reader.addSplits([split])
  poll(2)
  clock.advanceTo(200)
  poll(1)
  const prefix = 'KafkaSourceReader.topic.t.partition.0'
  const lagMax = 'KafkaSourceReader.KafkaConsumer.records-lag-max'
  expect(metrics.values()).toMatchObject({
    pendingRecords: 3,
    [lagMax]: 3,
    [`${prefix}.currentOffset`]: 1,
    [`${prefix}.committedOffset`]: -1,
  })
  poll()
  reader.snapshotState(1)
  reader.notifyCheckpointComplete(1)
  await turn()
  expect(metrics.values()).toMatchObject({
    pendingRecords: 0,
    [lagMax]: 0,
    [`${prefix}.currentOffset`]: 4,
    [`${prefix}.committedOffset`]: 5,
  })
})

test('The lag of the partition that is furthest behind is shown beside that of all', () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t', 2)
  kafka.write('t', 0, 'a', 'b')
  kafka.write('t', 1, 'a', 'b', 'c', 'd')
  const { reader, poll, metrics } = world(kafka)
  reader.addSplits([split, { ...split, splitId: 't-1', partition: 1 }])
  poll(1)
  expect(metrics.values()).toMatchObject({ pendingRecords: 6, 'KafkaSourceReader.KafkaConsumer.records-lag-max': 4 })
})

test('A reader that waits tells for how long, and stops when a record comes', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  const { reader, poll, metrics, clock } = world(kafka)
  const idleMs = () => metrics.values().sourceIdleTime
  reader.addSplits([split])
  poll()
  const available = reader.isAvailable()
  expect(idleMs()).toBe(0)
  clock.advanceTo(2_500)
  expect(idleMs()).toBe(2_000)
  kafka.write('t', 0, 'a')
  await available
  poll()
  expect(idleMs()).toBe(0)
  void reader.isAvailable()
  await reader.close()
  clock.advanceTo(60_000)
  expect(idleMs()).toBe(0)
  expect(clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
})

/** Reads records once they have been asked for; each preparation ends when the test says so. */
function askingDeserializer() {
  const known = new Set<string>()
  const asked: string[] = []
  let preparation = Promise.withResolvers<void>()
  const deserialize: KafkaDeserializer<string> = (record) => {
    const text = record.valueText()!
    if (known.has(text)) return text
    throw new FormatNotReady(text, async (_context: FormatContext) => {
      asked.push(text)
      await preparation.promise
      known.add(text)
    })
  }
  const settle = (failure?: Error) => {
    if (failure === undefined) preparation.resolve()
    else preparation.reject(failure)
    preparation = Promise.withResolvers()
  }
  return { deserialize, asked, settle }
}

test('A record waits for its format, is in snapshots meanwhile, and nothing overtakes it', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t', 2)
  kafka.write('t', 0, { value: 'a', timestampMs: 5 }, { value: 'a', timestampMs: 6 }, { value: 'b', timestampMs: 7 })
  kafka.write('t', 1, { value: 'a', timestampMs: 8 })
  const { deserialize, asked, settle } = askingDeserializer()
  const { reader, poll, emitted, metrics } = world(kafka, deserialize)
  const bounded = { ...split, stoppingOffset: 3 }
  const other = { ...split, splitId: 't-1', partition: 1, stoppingOffset: 1 }
  reader.addSplits([bounded, other])
  reader.notifyNoMoreSplits()
  const positions = () => reader.snapshotState(1).map(({ splitId, offset }) => `${splitId}@${offset}`)
  const rounds: unknown[] = []
  for (let status = poll(); status !== 'end-of-input'; status = poll()) {
    const available = reader.isAvailable()
    expect(poll()).toBe('nothing-available')
    rounds.push({ emitted: [...emitted], positions: positions() })
    settle()
    await available
  }
  expect(rounds).toEqual([
    { emitted: [], positions: ['t-0@0', 't-1@0'] },
    { emitted: ['a@5', 'a@6'], positions: ['t-0@2', 't-1@0'] },
  ])
  expect(emitted).toEqual(['a@5', 'a@6', 'b@7', 'a@8'])
  expect(asked).toEqual(['a', 'b'])
  expect(metrics.values()).toMatchObject({ bytesConsumedTotal: 4 })
})

test('A preparation that fails fails the job, not the record', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  kafka.write('t', 0, 'a')
  const { deserialize, settle } = askingDeserializer()
  const { reader, poll, metrics } = world(kafka, deserialize)
  reader.addSplits([split])
  expect(poll()).toBe('nothing-available')
  const available = reader.isAvailable()
  settle(new Error('no registry'))
  await available
  expect(() => poll()).toThrow('no registry')
  expect(reader.snapshotState(1)).toEqual([split])
  expect(metrics.values()).not.toHaveProperty('numRecordsInErrors', 1)
})

test('A topic that is deleted while it is read is named with its place, and the job is not started again', () => {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  kafka.write('t', 0, 'a', 'b')
  const { reader, poll } = world(kafka)
  reader.addSplits([split])
  poll()
  kafka.failFetch({ topic: 't', partition: 0 }, new KafkaError('UNKNOWN_TOPIC', 'gone', { topic: 't', partition: 0 }))
  expect(poll).toThrow(
    expect.objectContaining({
      code: 'UNKNOWN_TOPIC',
      isLasting: true,
      facts: { topic: 't', partition: 0, offset: 2 },
      message: expect.stringContaining('topic "t", partition 0, from offset 2: it is not there any more'),
    }),
  )
})
