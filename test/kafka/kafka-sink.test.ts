import { KafkaSink, type KafkaSinkOptions, stringFormat } from '@millrace/connectors/kafka'
import type { SinkWriter } from '@millrace/runtime/connector'
import { RecordedMetrics, SystemClock, testSinkWriterContext } from '@millrace/runtime/testing'
import { afterAll, expect, test } from 'vitest'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type { KafkaDriver } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import { driverContext, readAll, rejectionOf } from './driver-context.ts'
import { brokers, kafkaTool, uniqueName } from './kafka.ts'
import { startTestCluster } from './test-cluster.ts'

const clock = new SystemClock()
const driver = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)
afterAll(() => driver.close())

/** The machine may be busy. */
const patience = { timeout: 55_000 }

interface KeyedText {
  readonly key: string
  readonly value: string
}

async function newTopic(partitions: number, on: KafkaDriver = driver): Promise<string> {
  const topic = uniqueName('sink')
  await on.admin.createTopics([{ topic, partitions }])
  return topic
}

function writerOf<T>(options: KafkaSinkOptions<T>, metrics = new RecordedMetrics()): Promise<SinkWriter<T>> {
  const sink = new KafkaSink<T>({ bootstrapServers: brokers(), ...options })
  return Promise.resolve(sink.createWriter(testSinkWriterContext({ clock, metrics })))
}

/** As the runtime does: waits where the writer asks to, and in the end for everything. Answers how often it was to wait. */
async function writeAll<T>(writer: SinkWriter<T>, records: Iterable<T>): Promise<number> {
  let waits = 0
  for (const record of records) {
    const pushedBack = writer.write(record)
    if (pushedBack === undefined) continue
    waits++
    await pushedBack
  }
  await writer.flush?.(true)
  await writer.close?.()
  return waits
}

/** What Kafka's console consumer prints of a whole topic, sorted. */
async function consumed(topic: string, count: number, ...parts: readonly string[]): Promise<readonly string[]> {
  const printed = parts.flatMap((part) => ['--formatter-property', `print.${part}=true`])
  const what = ['--topic', topic, '--from-beginning', '--max-messages', `${count}`, '--timeout-ms', '20000']
  const text = await kafkaTool('console-consumer', ['--bootstrap-server', brokers(), ...what, ...printed])
  return text.trimEnd().split('\n').toSorted()
}

/** Of numbers with the keys `number % keys`: those that do not come right after the one before of their key. */
function brokenOrder(numbers: readonly number[], keys: number): readonly string[] {
  const last = new Map<number, number>()
  const broken: string[] = []
  for (const number of numbers) {
    const key = number % keys
    const before = last.get(key) ?? key - keys
    if (number !== before + keys) broken.push(`${number} after ${before}`)
    last.set(key, number)
  }
  return broken
}

test("Everything a record has arrives, as Kafka's console consumer reads it", async () => {
  const topic = await newTopic(2)
  const writer = await writerOf<number>({
    recordSerializer: {
      topic,
      key: (n) => (n === 2 ? null : Uint8Array.of(107, 48 + n)),
      value: (n) => (n === 1 ? null : `value ${n} é`),
      headers: (n) => [
        { key: 'a', value: `${n}` },
        { key: 'b', value: null },
      ],
      timestampMs: (n) => 1_700_000_000_000 + n,
      partition: (n) => n % 2,
    },
  })
  await writeAll(writer, [0, 1, 2])
  expect(await consumed(topic, 3, 'timestamp', 'partition', 'headers', 'key')).toEqual([
    'CreateTime:1700000000000\tPartition:0\ta:0,b:null\tk0\tvalue 0 é',
    'CreateTime:1700000000001\tPartition:1\ta:1,b:null\tk1\tnull',
    'CreateTime:1700000000002\tPartition:0\ta:2,b:null\tnull\tvalue 2 é',
  ])
})

test("What is compressed in whatever way, Kafka's console consumer reads", async () => {
  const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
  const topic = await newTopic(compressions.length)
  const lines: string[] = []
  for (const [partition, compression] of compressions.entries()) {
    const values = Array.from({ length: 500 }, (_, i) => `${compression} ${i}`)
    lines.push(...values)
    const recordSerializer = { topic, value: stringFormat(), partition: () => partition }
    await writeAll(await writerOf<string>({ recordSerializer, compression, batchBytes: 4_096 }), values)
  }
  expect(await consumed(topic, lines.length)).toEqual(lines.toSorted())
})

test("Records of a key go where Kafka's Java producer puts them", async () => {
  const [ours, theirs] = [await newTopic(7), await newTopic(7)]
  const keys = Array.from({ length: 300 }, (_, i) => `${'kéy 日本😀-'.slice(0, 1 + (i % 9))}${i * 7}`)
  const recordSerializer = { topic: ours, key: stringFormat(), value: stringFormat() }
  await writeAll(await writerOf<string>({ recordSerializer }), keys)
  const properties = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=|']
  await kafkaTool('console-producer', ['--bootstrap-server', brokers(), '--topic', theirs, ...properties], {
    input: keys.map((key) => `${key}|${key}\n`).join(''),
  })
  const byPartition = (records: readonly string[]) => records.map((record) => record.replace(/@\d+/, '')).toSorted()
  expect(byPartition(await readAll(driver, ours))).toEqual(byPartition(await readAll(driver, theirs)))
})

test('Records of a key keep their order while the job is held back', async () => {
  const topic = await newTopic(4)
  const records = Array.from({ length: 60_000 }, (_, i) => ({ key: `${i % 50}`, value: `${i % 50}:${i}` }))
  const metrics = new RecordedMetrics()
  const recordSerializer = {
    topic,
    key: ({ key }: KeyedText) => key,
    value: ({ value }: KeyedText) => value,
  }
  const limits = { batchBytes: 4_096, pendingBytesMax: 40_000 }
  const waits = await writeAll(await writerOf<KeyedText>({ recordSerializer, ...limits }, metrics), records)
  expect(waits).toBeGreaterThan(10)
  const read = await readAll(driver, topic)
  const numbers = read.map((record) => Number(record.split(':')[1]))
  expect([numbers.length, brokenOrder(numbers, 50)]).toEqual([60_000, []])
  expect(metrics.values()).toMatchObject({ numRecordsSend: 60_000, numRecordsSendErrors: 0 })
})

test.each<[string, Partial<KafkaSinkOptions<string>>]>([
  ['acks of the leader', { acks: 1 }],
  ['no acks', { acks: 0 }],
  ['the guarantee none', { deliveryGuarantee: 'none' }],
  ['a producer that is not idempotent', { properties: { 'enable.idempotence': false } }],
])('With %s all is written when nothing goes wrong', async (_, options) => {
  const topic = await newTopic(1)
  const values = Array.from({ length: 2_000 }, (_, i) => `v${i}`)
  const recordSerializer = { topic, value: stringFormat() }
  await writeAll(await writerOf<string>({ recordSerializer, batchBytes: 1_000, ...options }), values)
  await expect.poll(() => readAll(driver, topic), patience).toEqual(values.map((value, i) => `0@${i} ${value}`))
})

test('A topic that is not there is told when the job starts; none is created', async () => {
  const topic = uniqueName('none')
  const writing = writerOf<string>({ recordSerializer: { topic, value: stringFormat() } })
  expect(await rejectionOf(writing)).toMatchObject({ code: 'UNKNOWN_TOPIC', facts: { topic } })
  expect(await driver.topics([topic])).toEqual([])
})

test('A record that the broker finds too large is told with topic and partition, and ends the job for good', async () => {
  const topic = await newTopic(1)
  const recordSerializer = { topic, value: stringFormat() }
  const writer = await writerOf<string>({ recordSerializer, requestBytesMax: 8 * 1024 * 1024 })
  await writer.write('x'.repeat(2 * 1024 * 1024))
  const error = await rejectionOf(Promise.resolve(writer.flush?.(false)))
  await writer.close?.()
  expect(error).toMatchObject({
    code: 'RECORD_TOO_LARGE',
    message: expect.stringMatching(
      /^Cannot write 1 records \(20972\d\d bytes\) to topic ".*", partition 0: .*max\.message\.bytes/,
    ),
    facts: { topic, partition: 0, brokerError: 'MESSAGE_TOO_LARGE' },
    isLasting: true,
  })
})

test('A wrong address is told when the job starts', async () => {
  const recordSerializer = { topic: 't', value: stringFormat() }
  const options = { recordSerializer, bootstrapServers: 'localhost:1', retryTimeoutMs: 500 }
  expect(await rejectionOf(writerOf<string>(options))).toMatchObject({ code: 'BROKER_UNREACHABLE' })
})

test('Partitions that are added are written to without a restart', async () => {
  const topic = await newTopic(1)
  const recordSerializer = { topic, value: stringFormat() }
  const writer = await writerOf<string>({ recordSerializer, batchBytes: 0, metadataMaxAgeMs: 100 })
  await writer.write('a')
  await driver.admin.createPartitions(topic, 2)
  await expect
    .poll(async () => {
      await writer.write('b')
      await writer.flush?.(false)
      return (await readAll(driver, topic)).some((record) => record.startsWith('1@'))
    }, patience)
    .toBe(true)
  await writer.close?.()
})

test('A broker that is killed and started again while it is written to loses nothing, and nothing comes twice', async () => {
  await using cluster = await startTestCluster()
  const bootstrapServers = cluster.bootstrapServers
  const own = createKafkaDriver({ bootstrapServers: [bootstrapServers] }, driverContext)
  try {
    const topic = await newTopic(3, own)
    const recordSerializer = { topic, key: (value: string) => `${Number(value) % 20}`, value: stringFormat() }
    const writer = await writerOf<string>({ recordSerializer, bootstrapServers, pendingBytesMax: 100_000 })
    let written = 0
    let isOver = false
    const writing = (async () => {
      while (!isOver) {
        for (let i = 0; i < 500; i++) await writer.write(`${written++}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await writer.flush?.(true)
      await writer.close?.()
    })()
    const more = async (count: number) => {
      const from = written
      await expect.poll(() => written, { timeout: 120_000 }).toBeGreaterThan(from + count)
    }
    for (let bounce = 0; bounce < 2; bounce++) {
      await more(3_000)
      await (bounce === 0 ? cluster.killBroker(1) : cluster.stopBroker(1))
      await cluster.startBroker(1)
    }
    await more(3_000)
    isOver = true
    await writing
    const numbers = (await readAll(own, topic)).map((record) => Number(record.split(' ')[1]))
    expect([numbers.length, brokenOrder(numbers, 20)]).toEqual([written, []])
  } finally {
    await own.close()
  }
}, 300_000)
