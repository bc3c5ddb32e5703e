import { fullRecord, KafkaSource, type KafkaSourceSettingsOptions, stringFormat } from '@millrace/connectors/kafka'
import type { ReaderOutput, SourceReaderContext } from '@millrace/runtime/connector'
import {
  RecordedMetrics,
  readSource,
  readSourceThroughFailures,
  SystemClock,
  silentLogger,
  testJobInfo,
  testTaskInfo,
} from '@millrace/runtime/testing'
import { afterAll, expect, test } from 'vitest'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import { RecordBatchBuilder } from '../../packages/connectors/src/kafka/driver/record-batch/record-batch-builder.ts'
import { driverContext, transactionalProducer, write } from './driver-context.ts'
import { brokers, kafkaTool, uniqueName } from './kafka.ts'

const clock = new SystemClock()
const driver = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)
afterAll(() => driver.close())

/** A topic with `0:0`, `0:1` ... in its partitions. */
async function topicWith(...recordCounts: readonly number[]): Promise<string> {
  const topic = uniqueName('source')
  await driver.admin.createTopics([{ topic, partitions: recordCounts.length }])
  const producer = driver.createProducer()
  for (const [partition, count] of recordCounts.entries()) {
    const values = Array.from({ length: count }, (_, i) => `${partition}:${i}`)
    if (count > 0) await write(producer, topic, partition, ...values)
  }
  await producer.close()
  return topic
}

function sourceOf(topics: string, options: KafkaSourceSettingsOptions = {}): KafkaSource<string> {
  const valueOnlyDeserializer = stringFormat()
  return new KafkaSource({ bootstrapServers: brokers(), topics, bounded: 'latest', valueOnlyDeserializer, ...options })
}

test('KafkaSource reads a topic of a real broker to its end, each partition in order', async () => {
  const topic = await topicWith(1_000, 0, 500)
  const { records } = await readSource(sourceOf(topic), { clock, parallelism: 2 })
  const values = (partition: number) => records.flat().filter((value) => value.startsWith(`${partition}:`))
  expect(values(0)).toEqual(Array.from({ length: 1_000 }, (_, i) => `0:${i}`))
  expect(values(2)).toEqual(Array.from({ length: 500 }, (_, i) => `2:${i}`))
  expect(records.flat()).toHaveLength(1_500)
})

test('KafkaSource emits every record of a real broker once through failures and changes of parallelism', async () => {
  const topic = await topicWith(300, 200, 100)
  const attempts = [
    { parallelism: 2, snapshotAfter: 150, recordsLost: 20 },
    { parallelism: 4, snapshotAfter: 200, recordsLost: 0 },
    { parallelism: 1, snapshotAfter: 10, recordsLost: 5 },
  ]
  const pollLimit = () => 37
  const records = await readSourceThroughFailures(sourceOf(topic), { clock, attempts, pollLimit, parallelism: 3 })
  expect(records).toHaveLength(600)
})

test('Aborted transactions are not read, and a stopping offset behind a marker is reached', async () => {
  const topic = await topicWith(2)
  const { identity, producer } = await transactionalProducer(driver, uniqueName('tx'))
  await write(producer, topic, 0, 'aborted')
  await driver.endTransaction(identity, 'abort')
  const { records } = await readSource(sourceOf(topic), { clock })
  expect(records.flat()).toEqual(['0:0', '0:1'])
  const uncommitted = await readSource(sourceOf(topic, { isolation: 'read_uncommitted' }), { clock })
  expect(uncommitted.records.flat()).toEqual(['0:0', '0:1', 'aborted'])
})

test('Reading starts at a timestamp, and full records have all there is', async () => {
  const topic = await topicWith(0)
  const batch = new RecordBatchBuilder()
  const now = Date.now()
  batch.append(now - 2_000, 'a', 'old')
  batch.append(now, 'b', 'new', [{ key: 'h', value: Buffer.from('x') }])
  const producer = driver.createProducer({ compression: 'gzip' })
  await producer.send(topic, 0, batch)
  const source = new KafkaSource({
    bootstrapServers: brokers(),
    topics: topic,
    startingOffsets: { timestampMs: now - 1_000 },
    bounded: 'latest',
    deserializer: fullRecord({ key: stringFormat(), value: stringFormat() }),
  })
  const { records } = await readSource(source, { clock })
  const headers = [{ key: 'h', value: new Uint8Array([120]) }]
  expect(records.flat()).toEqual([
    { topic, partition: 0, offset: 1, timestampMs: now, key: 'b', value: 'new', headers },
  ])
})

test("Committed offsets show in Kafka's own tool, and another job starts there", async () => {
  const topic = await topicWith(5)
  const groupId = uniqueName('group')
  const metrics = new RecordedMetrics()
  const context: SourceReaderContext = {
    jobInfo: testJobInfo(),
    taskInfo: testTaskInfo(0, 1),
    logger: silentLogger,
    metrics,
    clock,
    signal: new AbortController().signal,
    restoredCheckpointId: undefined,
    sendSplitRequest: () => {},
    sendSourceEvent: () => {},
  }
  const reader = sourceOf(topic, { groupId }).createReader(context)
  reader.addSplits([{ splitId: `${topic}-0`, topic, partition: 0, offset: 0, stoppingOffset: 3 }])
  reader.notifyNoMoreSplits()
  const seen: string[] = []
  const output: ReaderOutput<string> = { collect: (value) => seen.push(value) > 0 }
  while (reader.pollNext(output) !== 'end-of-input') await reader.isAvailable()
  reader.snapshotState?.(1)
  await reader.notifyCheckpointComplete?.(1)
  expect(seen).toEqual(['0:0', '0:1', '0:2'])
  const prefix = 'KafkaSourceReader'
  await expect.poll(() => metrics.values()[`${prefix}.commitsSucceeded`], { timeout: 60_000 }).toBe(1)
  await reader.close?.()
  expect(metrics.values()).toMatchObject({ [`${prefix}.commitsSucceeded`]: 1, [`${prefix}.commitsFailed`]: 0 })
  const shown = await kafkaTool('consumer-groups', ['--bootstrap-server', brokers(), '--describe', '--group', groupId])
  expect(shown.replaceAll(/ +/g, ' ')).toContain(`${groupId} ${topic} 0 3 5 2`)
  const { records } = await readSource(sourceOf(topic, { groupId, startingOffsets: 'committed' }), { clock })
  expect(records.flat()).toEqual(['0:3', '0:4'])
})

test('A partition that is added while the job runs is found and read from its beginning', async () => {
  const topic = await topicWith(1)
  const started = Promise.withResolvers<void>()
  const source = new KafkaSource({
    bootstrapServers: brokers(),
    topics: topic,
    partitionDiscoveryIntervalMs: 200,
    startingOffsets: { offsets: [{ topic, partition: 0, offset: 0 }], orElse: 'latest' },
    deserializer: (record) => {
      started.resolve()
      return record.valueText() ?? undefined
    },
  })
  const reading = readSource(source, { clock, recordsMax: 3 })
  await started.promise
  await driver.admin.createPartitions(topic, 2)
  const producer = driver.createProducer()
  await write(producer, topic, 1, 'a', 'b')
  expect((await reading).records.flat()).toEqual(['0:0', 'a', 'b'])
})

test.each<[string, KafkaSourceSettingsOptions, string]>([
  ['a topic that is not there', {}, 'UNKNOWN_TOPIC'],
  ['a wrong port', { bootstrapServers: 'localhost:1', retryTimeoutMs: 500 }, 'BROKER_UNREACHABLE'],
])('%s is told when the job starts', async (_, options, code) => {
  await expect(readSource(sourceOf(uniqueName('none'), options), { clock })).rejects.toMatchObject({ code })
})
