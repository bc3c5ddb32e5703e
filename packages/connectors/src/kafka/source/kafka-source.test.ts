import { type ReadSourceOptions, readSource, SystemClock, silentLogger } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { KafkaError } from '../driver/kafka-error.ts'
import { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import { fullRecord } from '../formats/deserializer.ts'
import { jsonFormat } from '../formats/json-format.ts'
import { stringFormat } from '../formats/string-format.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { KafkaSource } from './kafka-source.ts'
import type { KafkaSourceSettingsOptions } from './kafka-source-options.ts'

const clock = new SystemClock()

/** Topic `t` with the values `0:0`, `0:1` ... in its partitions, at timestamps 0, 10, 20 ... */
function kafkaWith(...recordCounts: readonly number[]): FakeKafka {
  const kafka = new FakeKafka()
  kafka.createTopic('t', recordCounts.length)
  for (const [partition, count] of recordCounts.entries()) {
    for (let i = 0; i < count; i++) kafka.write('t', partition, { value: `${partition}:${i}`, timestampMs: i * 10 })
  }
  return kafka
}

function sourceOf(kafka: FakeKafka, options: KafkaSourceSettingsOptions = {}) {
  const subscription = (options.topicPattern ?? options.partitions) ? {} : { topics: 't' }
  return new KafkaSource({
    bootstrapServers: 'fake:9092',
    driver: kafka.driver,
    valueOnlyDeserializer: stringFormat(),
    bounded: 'latest',
    ...subscription,
    ...options,
  })
}

/** All records, sorted. */
async function read(kafka: FakeKafka, options: KafkaSourceSettingsOptions = {}, run: Partial<ReadSourceOptions> = {}) {
  const { records } = await readSource(sourceOf(kafka, options), { clock, ...run })
  return records.flat().toSorted()
}

test('KafkaSource reads every partition to its end, in the order of each, and deals partitions out in turn', async () => {
  const kafka = kafkaWith(4, 3, 2)
  const { records, splits } = await readSource(sourceOf(kafka), { clock, parallelism: 2 })
  expect(records.flat().toSorted()).toEqual(['0:0', '0:1', '0:2', '0:3', '1:0', '1:1', '1:2', '2:0', '2:1'])
  for (const own of records) {
    for (const partition of ['0', '1', '2']) {
      const values = own.filter((value) => value.startsWith(partition))
      expect(values).toEqual(values.toSorted())
    }
  }
  expect(splits.map((own) => own.length).toSorted()).toEqual([1, 2])
  expect(kafka.openDrivers).toBe(0)
})

test('Readers without partitions end at once, and connect to nothing', async () => {
  const kafka = kafkaWith(2)
  expect(await read(kafka, {}, { parallelism: 3 })).toEqual(['0:0', '0:1'])
  // The enumerator, and the one reader with a partition.
  expect(kafka.connections).toHaveLength(2)
})

test('An empty topic is read to its end', async () => {
  expect(await read(kafkaWith(0, 0))).toEqual([])
})

test('Reading starts where it is told', async () => {
  const kafka = kafkaWith(4, 4)
  kafka.commitOffsets('g', [{ topic: 't', partition: 0, offset: 3 }])
  const groupId = 'g'
  expect(await read(kafka, { startingOffsets: 'latest' })).toEqual([])
  expect(await read(kafka, { startingOffsets: { timestampMs: 15 } })).toEqual(['0:2', '0:3', '1:2', '1:3'])
  const committedOrElse = 'latest'
  expect(await read(kafka, { groupId, startingOffsets: { committedOrElse } })).toEqual(['0:3'])
  const offsets = [{ topic: 't', partition: 1, offset: 2 }]
  expect(await read(kafka, { startingOffsets: { offsets, orElse: 'latest' } })).toEqual(['1:2', '1:3'])
  expect(await read(kafka, { startingOffsets: { offsets } })).toEqual(['0:0', '0:1', '0:2', '0:3', '1:2', '1:3'])
  await expect(read(kafka, { groupId, startingOffsets: 'committed' })).rejects.toThrow(
    'Cannot find the committed offset of group "g" for topic "t", partition 1: there is none.',
  )
})

test('Reading stops where it is told', async () => {
  const kafka = kafkaWith(4, 4)
  kafka.commitOffsets('g', [
    { topic: 't', partition: 0, offset: 1 },
    { topic: 't', partition: 1, offset: 0 },
  ])
  const offsets = [{ topic: 't', partition: 1, offset: 2 }]
  expect(await read(kafka, { groupId: 'g', bounded: 'committed' })).toEqual(['0:0'])
  expect(await read(kafka, { bounded: { timestampMs: 10 } })).toEqual(['0:0', '1:0'])
  expect(await read(kafka, { bounded: { offsets, orElse: 'latest' } })).toEqual([
    ...['0:0', '0:1', '0:2', '0:3'],
    ...['1:0', '1:1'],
  ])
  await expect(read(kafka, { bounded: { offsets } })).rejects.toMatchObject({
    code: 'NO_STOPPING_OFFSET',
    facts: { topic: 't', partition: 0 },
  })
})

test('Topics are subscribed to by names, by pattern, or partition by partition', async () => {
  const kafka = kafkaWith(1, 1)
  kafka.createTopic('t2')
  kafka.write('t2', 0, 'two')
  kafka.createTopic('other-t')
  kafka.write('other-t', 0, 'other')
  expect(await read(kafka, { topics: ['t', 't2', 't'] })).toEqual(['0:0', '1:0', 'two'])
  expect(await read(kafka, { topicPattern: /t\d?/ })).toEqual(['0:0', '1:0', 'two'])
  expect(await read(kafka, { partitions: [{ topic: 't', partition: 1 }] })).toEqual(['1:0'])
})

test('What is not there is named when the job starts', async () => {
  const kafka = kafkaWith(1)
  await expect(read(kafka, { topics: ['t', 'ordres'] })).rejects.toMatchObject({
    code: 'UNKNOWN_TOPIC',
    facts: { topic: 'ordres' },
  })
  await expect(read(kafka, { partitions: [{ topic: 't', partition: 1 }] })).rejects.toThrow(
    'Cannot read topic "t", partition 1: the topic has 1 partitions',
  )
  await expect(read(kafka, { topicPattern: /x.*/ })).rejects.toMatchObject({ code: 'NO_TOPIC_MATCHES' })
})

test('Records of aborted transactions are left out, and those of open ones are not waited for by a bounded source', async () => {
  const kafka = kafkaWith(1)
  const write = async (id: string, value: string) => {
    const driver = kafka.driver({ bootstrapServers: [] }, { clock, logger: silentLogger })
    const identity = { ...(await driver.initProducerId(id)), transactionalId: id }
    const batch = new RecordBatchBuilder()
    batch.append(0, null, value)
    await driver.createProducer({ identity }).send('t', 0, batch)
    return (outcome: 'commit' | 'abort') => driver.endTransaction(identity, outcome)
  }
  await (await write('a', 'aborted'))('abort')
  await (await write('b', 'committed'))('commit')
  await write('c', 'open')
  expect(await read(kafka)).toEqual(['0:0', 'committed'])
  expect(await read(kafka, { isolation: 'read_uncommitted' })).toEqual(['0:0', 'aborted', 'committed', 'open'])
})

test('A full record has everything; tombstones stay null there, and are left out of values', async () => {
  const kafka = kafkaWith(0)
  kafka.write('t', 0, { key: 'k', value: '{"a":1}', timestampMs: 7, headers: { h: 'x' } }, { key: 'k', value: null })
  const options = { bootstrapServers: 'fake:9092', driver: kafka.driver, topics: 't', bounded: 'latest' } as const
  const deserializer = fullRecord({ key: stringFormat(), value: jsonFormat<{ a: number }>() })
  const { records } = await readSource(new KafkaSource({ ...options, deserializer }), { clock })
  const place = { topic: 't', partition: 0 }
  expect(records.flat()).toEqual([
    {
      ...{ ...place, offset: 0, timestampMs: 7, key: 'k', value: { a: 1 } },
      headers: [{ key: 'h', value: new Uint8Array([120]) }],
    },
    { ...place, offset: 1, timestampMs: kafka.nowMs, key: 'k', value: null, headers: [] },
  ])
  expect(await read(kafka)).toEqual(['{"a":1}'])
})

test('A poison record fails the job with its place and a preview, or is skipped and counted', async () => {
  const kafka = kafkaWith(0)
  kafka.write('t', 0, '1', '{oops', { value: Buffer.from([0xff, 0x00]) }, '2')
  const options = { bootstrapServers: 'fake:9092', driver: kafka.driver, topics: 't', bounded: 'latest' } as const
  const valueOnlyDeserializer = jsonFormat<number>()
  const failing = readSource(new KafkaSource({ ...options, valueOnlyDeserializer }), { clock })
  await expect(failing).rejects.toMatchObject({
    code: 'DESERIALIZATION_FAILED',
    message: expect.stringMatching(/record at offset 1 of topic "t", partition 0, whose value is "\{oops": .*JSON/),
    facts: { topic: 't', partition: 0, offset: 1 },
  })
  const skipping = new KafkaSource({ ...options, valueOnlyDeserializer, onDeserializationError: 'skip' })
  const { records, counters } = await readSource(skipping, { clock })
  expect(records).toEqual([[1, 2]])
  expect(counters.numRecordsInErrors).toBe(2)
})

test('Bytes that are no text are shown as hexadecimal digits', async () => {
  const kafka = kafkaWith(0)
  kafka.write('t', 0, { value: Buffer.from([0xff, 0x00, 0xfe]) })
  const options = { bootstrapServers: 'fake:9092', driver: kafka.driver, topics: 't', bounded: 'latest' } as const
  const source = new KafkaSource({ ...options, valueOnlyDeserializer: jsonFormat() })
  await expect(readSource(source, { clock })).rejects.toThrow('whose value is 0xff00fe (3 bytes): ')
})

test('An offset out of range fails the job, or reading goes on where the user wants', async () => {
  const kafka = kafkaWith(5)
  await kafka.admin.deleteRecords([{ topic: 't', partition: 0, offset: 3 }])
  const startingOffsets = { offsets: [{ topic: 't', partition: 0, offset: 1 }] }
  await expect(read(kafka, { startingOffsets })).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
  expect(await read(kafka, { startingOffsets, onOffsetOutOfRange: 'earliest' })).toEqual(['0:3', '0:4'])
  expect(await read(kafka, { startingOffsets, properties: { 'auto.offset.reset': 'latest' } })).toEqual([])
})

test('What the fetcher cannot mend fails the job', async () => {
  const kafka = kafkaWith(2)
  kafka.failFetch({ topic: 't', partition: 0 }, new KafkaError('NOT_AUTHORIZED', 'Cannot read topic "t"'))
  await expect(read(kafka)).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' })
})
