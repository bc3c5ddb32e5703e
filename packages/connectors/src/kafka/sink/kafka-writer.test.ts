import { RecordedMetrics, SimulatedClock, testSinkWriterContext } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import type { TopicMetadata } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import { FormatNotReady } from '../formats/format-not-ready.ts'
import { jsonFormat } from '../formats/json-format.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { HandDrivenProducer } from '../testing/hand-driven-producer.ts'
import type { KafkaRecordSerializer } from './kafka-record-serializer.ts'
import type { KafkaSinkSettingsOptions } from './kafka-sink-options.ts'
import { kafkaSinkSettings } from './kafka-sink-settings.ts'
import { KafkaWriter } from './kafka-writer.ts'
import { recordFields } from './record-fields.ts'

interface WorldOptions<T> extends KafkaSinkSettingsOptions {
  readonly recordSerializer?: KafkaRecordSerializer<T>
  readonly topics?: Readonly<Record<string, number>>
  readonly producer?: HandDrivenProducer
  readonly subtaskIndex?: number
}

const valueOnly: KafkaRecordSerializer<string> = { topic: 't', value: (text) => text }

/** A writer on a producer whose batches the test acknowledges; topic `t` has two partitions. */
async function world<T = string>(options: WorldOptions<T> = {}) {
  const { recordSerializer = valueOnly as KafkaRecordSerializer<T>, topics = { t: 2 }, producer, ...others } = options
  const { subtaskIndex = 0, ...chosen } = others
  const kafka = new FakeKafka()
  for (const [topic, partitions] of Object.entries(topics)) kafka.createTopic(topic, partitions)
  const clock = new SimulatedClock()
  const metrics = new RecordedMetrics()
  const abort = new AbortController()
  const context = testSinkWriterContext({ clock, metrics, subtaskIndex, signal: abort.signal })
  const driver = kafka.driver({ bootstrapServers: ['fake:9092'] }, context)
  const hand = producer ?? new HandDrivenProducer()
  const writer = new KafkaWriter<T>({
    settings: kafkaSinkSettings({ bootstrapServers: 'fake:9092', ...chosen }),
    fields: recordFields(recordSerializer),
    ...{ context, driver, producer: hand },
    close: () => driver.close(),
  })
  await writer.open()
  return { kafka, clock, metrics, abort, driver, writer, producer: hand, sent: hand.sent }
}

/** Of values of one byte: the head of a batch, and what one record takes. */
const [headBytes, overheadBytes] = [61, 32]

test('A batch leaves when the next record does not fit, or when it is old enough', async () => {
  const { writer, clock, sent } = await world({
    topics: { t: 1 },
    lingerMs: 10,
    batchBytes: headBytes + overheadBytes + 9,
  })
  for (const value of ['a', 'b', 'c']) writer.write(value)
  expect(sent).toEqual(['t-0: a b'])
  clock.advanceTo(9)
  expect(sent).toEqual(['t-0: a b'])
  clock.advanceTo(10)
  expect(sent).toEqual(['t-0: a b', 't-0: c'])
  writer.write('d')
  clock.advanceTo(19)
  expect(sent).toHaveLength(2)
  clock.advanceTo(20)
  expect(sent).toEqual(['t-0: a b', 't-0: c', 't-0: d'])
  expect(clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
})

test('Each batch is as old as its first record, whenever others begin', async () => {
  const partition = (value: string) => Number(value[0])
  const { writer, clock, sent } = await world({ recordSerializer: { ...valueOnly, partition }, lingerMs: 10 })
  writer.write('0a')
  clock.advanceTo(4)
  writer.write('1a')
  writer.write('0b')
  clock.advanceTo(10)
  expect(sent).toEqual(['t-0: 0a 0b'])
  clock.advanceTo(14)
  expect(sent).toEqual(['t-0: 0a 0b', 't-1: 1a'])
})

test('After a record that cannot be written nothing leaves any more, also no batch that was begun for it', async () => {
  const headers = (value: string) => {
    if (value === 'b') throw new TypeError('no headers')
    return []
  }
  for (const values of [['b'], ['a', 'b']]) {
    const { writer, clock, sent } = await world({
      recordSerializer: { ...valueOnly, headers },
      topics: { t: 1 },
      lingerMs: 10,
    })
    expect(() => values.forEach((value) => void writer.write(value))).toThrow('no headers')
    clock.advanceTo(10)
    expect(sent).toEqual([])
    await expect(writer.flush(false)).rejects.toThrow('no headers')
    expect(sent).toEqual([])
  }
})

test('With batches of 0 bytes each record goes alone, and at once', async () => {
  const { writer, sent } = await world({ topics: { t: 1 }, batchBytes: 0 })
  for (const value of ['a', 'b']) writer.write(value)
  expect(sent).toEqual(['t-0: a', 't-0: b'])
})

test('Records without key fill one batch after the other, each in another partition, from the number of the subtask on', async () => {
  const { writer, sent } = await world({ topics: { t: 3 }, batchBytes: headBytes + overheadBytes + 9, subtaskIndex: 4 })
  for (const value of 'abcdefgh') writer.write(value)
  await Promise.race([writer.flush(false), 'under way'])
  expect(sent).toEqual(['t-1: a b', 't-2: c d', 't-0: e f', 't-1: g h'])
})

test('Records of a key go to one partition, that of the murmur2 hash; text and bytes are the same key', async () => {
  const { writer, sent } = await world<string | Buffer>({
    topics: { t: 7 },
    recordSerializer: { topic: 't', key: (key) => key, value: (key) => `${key}` },
  })
  // Of 7 partitions Kafka's own client takes these: see murmur2.test.ts.
  for (const key of ['a', 'abc', Buffer.from('a'), '21', Buffer.from('zürich'), 'zürich', 'a']) writer.write(key)
  await Promise.race([writer.flush(false), 'under way'])
  expect(sent).toEqual(['t-5: a a a', 't-4: abc zürich zürich', 't-3: 21'])
})

test('Everything that a serializer says arrives, and null makes a tombstone', async () => {
  const recordSerializer: KafkaRecordSerializer<number> = {
    topic: (n) => (n < 2 ? 't' : 'u'),
    key: (n) => `key ${n}`,
    value: (n) => (n === 0 ? null : Uint8Array.of(n)),
    headers: (n) => [
      { key: 'text', value: `${n}` },
      { key: 'bytes', value: Uint8Array.of(7) },
      { key: 'none', value: null },
    ],
    // Negative: the time of the write.
    timestampMs: (n) => (n === 1 ? -1 : 5_000),
    partition: (n, count) => n % count,
  }
  const { kafka, clock, driver } = await world({ topics: { t: 2, u: 2 } })
  const writer = new KafkaWriter<number>({
    settings: kafkaSinkSettings({ bootstrapServers: 'fake:9092' }),
    fields: recordFields(recordSerializer),
    ...{ context: testSinkWriterContext({ clock }), driver, producer: driver.createProducer() },
    close: async () => {},
  })
  for (let n = 0; n < 4; n++) await writer.write(n)
  await writer.flush(false)
  const headers = (n: number) => [
    { key: 'text', value: Buffer.from(`${n}`) },
    { key: 'bytes', value: Buffer.of(7) },
    { key: 'none', value: null },
  ]
  const record = (n: number, value: Buffer | null, timestampMs = 5_000) => [
    { offset: 0, timestampMs, key: Buffer.from(`key ${n}`), value, headers: headers(n) },
  ]
  expect(kafka.records('t', 0)).toEqual(record(0, null))
  expect(kafka.records('t', 1)).toEqual(record(1, Buffer.of(1), clock.now()))
  expect(kafka.records('u', 0)).toEqual(record(2, Buffer.of(2)))
  expect(kafka.records('u', 1)).toEqual(record(3, Buffer.of(3)))
})

test('Records without a time of their own have that of the write: one for all that are written without a pause', async () => {
  const { driver, clock, kafka } = await world({ topics: { t: 1 } })
  const writer = new KafkaWriter<string>({
    settings: kafkaSinkSettings({ bootstrapServers: 'fake:9092' }),
    fields: recordFields(valueOnly),
    ...{ context: testSinkWriterContext({ clock }), driver, producer: driver.createProducer() },
    close: async () => {},
  })
  await writer.open()
  const start = clock.now()
  writer.write('a')
  writer.write('b')
  await Promise.resolve()
  clock.advanceTo(3)
  writer.write('c')
  await writer.flush(false)
  expect(kafka.records('t').map(({ timestampMs }) => timestampMs - start)).toEqual([0, 0, 3])
})

test('A serializer may be an object of a class', async () => {
  class Orders implements KafkaRecordSerializer<string> {
    readonly prefix = 'order'
    readonly value = { prefix: 'value', serialize: (text: string) => text }
    topic(): string {
      return this.prefix.slice(0, 1)
    }
    key(text: string): string {
      return `${this.prefix} ${text}`
    }
    partition(): number {
      return this.prefix.length - 5
    }
  }
  const { writer, sent } = await world({ topics: { o: 1 }, recordSerializer: new Orders(), batchBytes: 0 })
  await writer.write('a')
  expect(sent).toEqual(['o-0: a'])
})

test('Functions are not told of the part, of which formats are: always the same object for a topic', async () => {
  const seen: unknown[][] = []
  const key = (...all: unknown[]) => `${seen.push(all)}`
  const value = { serialize: key }
  const { writer } = await world({ recordSerializer: { topic: 't', key, value } })
  writer.write('a')
  writer.write('b')
  const part = { topic: 't', isKey: false }
  expect(seen).toEqual([['a'], ['a', part], ['b'], ['b', part]])
  expect(seen[1]![1]).toBe(seen[3]![1])
})

test('While too much is not acknowledged, a write asks to wait, and records go on in order', async () => {
  const producer = new HandDrivenProducer(150)
  const { writer, sent } = await world({ topics: { t: 1 }, producer, batchBytes: 0 })
  const seen: string[] = []
  expect(writer.write('a')).toBeUndefined()
  expect(writer.write('b')).toBeUndefined()
  const waiting = Promise.resolve(writer.write('c')).then(() => seen.push('room'))
  await Promise.resolve()
  expect(seen).toEqual([])
  await producer.acknowledge(2)
  await waiting
  expect(writer.write('d')).toBeUndefined()
  expect(sent).toEqual(['t-0: a', 't-0: b', 't-0: c', 't-0: d'])
})

test('The memory of batches is bounded too, in however many partitions they are', async () => {
  const partition = (value: string) => Number(value)
  const { writer, producer, sent, metrics } = await world({
    topics: { t: 100 },
    recordSerializer: { ...valueOnly, partition },
    // Eight batches.
    ...{ batchBytes: 2_048, pendingBytesMax: 8 * 3_072, lingerMs: 1_000 },
  })
  for (let i = 0; i < 4; i++) expect(writer.write(`${i}`)).toBeUndefined()
  expect(sent).toEqual([])
  // Four may be filled at a time: the oldest leaves for another.
  for (let i = 4; i < 7; i++) expect(writer.write(`${i}`)).toBeUndefined()
  expect(sent).toEqual(['t-0: 0', 't-1: 1', 't-2: 2'])
  const pushedBack = writer.write('7')
  expect(pushedBack).toBeInstanceOf(Promise)
  await producer.acknowledge()
  await pushedBack
  expect(metrics.values()).toMatchObject({ numRecordsSend: 4 })
})

test('The first failure is told by the next write, and by the next flush, as it was', async () => {
  const { writer, producer, metrics } = await world({ batchBytes: 0 })
  for (const value of ['a', 'b']) writer.write(value)
  const facts = { topic: 't', partition: 0 }
  const failure = new KafkaError('NOT_AUTHORIZED', 'Cannot write 1 records to topic "t", partition 0: refused', facts)
  await producer.fail(failure)
  await expect(writer.write('c')).rejects.toBe(failure)
  await expect(writer.flush(false)).rejects.toBe(failure)
  expect(metrics.values()).toMatchObject({ numRecordsSend: 2, numRecordsSendErrors: 2 })
})

test('A failure that comes while a write waits for room, or a flush for acknowledgements, ends the wait', async () => {
  const producer = new HandDrivenProducer(100)
  const { writer } = await world({ topics: { t: 1 }, producer, batchBytes: 0 })
  writer.write('a')
  const pushedBack = writer.write('b')
  const flushing = expect(writer.flush(false)).rejects.toThrow('Cannot write')
  await producer.fail(new Error('Cannot write'))
  await pushedBack
  await flushing
})

test('What the broker finds too large would be so in every attempt', async () => {
  const { writer, producer } = await world({ batchBytes: 0 })
  writer.write('a')
  await producer.fail(new KafkaError('RECORD_TOO_LARGE', 'Cannot write it', { topic: 't', partition: 0 }))
  const reason = {
    code: 'RECORD_TOO_LARGE',
    message: 'Cannot write it',
    facts: { topic: 't', partition: 0 },
    isLasting: true,
  }
  await expect(writer.flush(false)).rejects.toMatchObject(reason)
})

test('A record above the size of requests is named with its size, and with what to do', async () => {
  const { writer, sent } = await world({ requestBytesMax: 1_000 })
  writer.write('a')
  writer.write('b'.repeat(900))
  expect(() => writer.write('c'.repeat(1_000))).toThrow(
    'Cannot write a record of 1009 bytes to topic "t", partition 0: requests have at most 1000. Write smaller records, or raise ' +
      'requestBytesMax (max.request.size), and max.message.bytes of the topic with it.',
  )
  expect(sent).toEqual(['t-0: a', `t-1: ${'b'.repeat(900)}`])
})

test.each<[string, Partial<KafkaRecordSerializer<string>>, string]>([
  [
    'a value that is neither text nor bytes',
    { value: () => 7 as never },
    'its value must be text, bytes or null, not 7',
  ],
  [
    'what JSON has no text for',
    { value: () => jsonFormat().serialize(undefined) },
    'its value must be text, bytes or null, not undefined',
  ],
  ['a key of another kind', { key: () => ({}) as never }, 'its key must be text, bytes or null, not {}'],
  ['a partition that is not there', { partition: () => 2 }, 'its partition must be from 0 to 1, not 2'],
  ['a partition that is no number', { partition: () => Number.NaN }, 'its partition must be from 0 to 1, not NaN'],
  ['a time in fractions', { timestampMs: () => 1.5 }, 'its timestamp must be an integer, milliseconds since the epoch'],
  ['a topic without name', { topic: () => '' }, 'its topic must be a name, not ""'],
])('%s is refused as INVALID_RECORD', async (_, part, message) => {
  const { writer } = await world({ recordSerializer: { ...valueOnly, ...part } })
  const writing = (async () => writer.write('a'))()
  await expect(writing).rejects.toMatchObject({
    code: 'INVALID_RECORD',
    message: expect.stringContaining(message),
    isLasting: true,
  })
})

test.each<[Partial<KafkaRecordSerializer<string>>, string]>([
  [{ topic: '' }, 'recordSerializer.topic must be the name of a topic, or a function'],
  [{ value: undefined as never }, 'recordSerializer.value must be a format with serialize(), or a function'],
  [{ key: 'id' as never }, 'recordSerializer.key must be a format with serialize(), or a function'],
  [{ headers: [] as never }, 'recordSerializer.headers must be a function'],
])('The serializer %j is refused when the sink is made', (part, message) => {
  expect(() => recordFields({ ...valueOnly, ...part })).toThrow(message)
})

test('A topic that is not there is told after three seconds of asking; one that comes meanwhile is written to', async () => {
  const recordSerializer = { topic: (value: string) => value, value: (value: string) => value }
  const { writer, clock, kafka, sent } = await world({ recordSerializer, batchBytes: 0 })
  const late = Promise.resolve(writer.write('late'))
  await passUntilAsked(clock, 1_000)
  kafka.createTopic('late')
  await passUntilAsked(clock, 1_400)
  await late
  expect(sent).toEqual(['late-0: late'])
  const never = expect(writer.write('never')).rejects.toMatchObject({
    code: 'UNKNOWN_TOPIC',
    message:
      'Cannot write to topic "never": the brokers know no such topic, after 3 s of asking. Check the name, or create the topic: ' +
      'sinks create none.',
    facts: { topic: 'never' },
    isLasting: true,
  })
  await passUntilAsked(clock, 4_600)
  await never
})

/** Time goes on in steps in which everything that has become possible happens. */
async function passUntilAsked(clock: SimulatedClock, timeMs: number): Promise<void> {
  for (let ms = clock.monotonicMs(); ms <= timeMs; ms += 100) {
    clock.advanceTo(ms)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('Partitions that are added are written to after five minutes, also by records that have a key', async () => {
  const { writer, clock, kafka, sent } = await world({
    topics: { t: 1 },
    recordSerializer: { topic: 't', key: (key) => (key === '-' ? null : key), value: (key) => key },
    batchBytes: 0,
  })
  kafka.growTopic('t', 7)
  clock.advanceTo(299_999)
  for (const key of ['abc', '-']) writer.write(key)
  clock.advanceTo(300_000)
  writer.write('abc')
  await passUntilAsked(clock, 300_000)
  for (const key of ['abc', '-', '-', '-']) writer.write(key)
  expect(sent).toEqual(['t-0: abc', 't-0: -', 't-0: abc', 't-4: abc', 't-0: -', 't-1: -', 't-2: -'])
})

test('Where asking for partitions fails, writing goes on with those that are known', async () => {
  const { writer, clock, kafka, sent } = await world({ topics: { t: 1 }, batchBytes: 0, metadataMaxAgeMs: 1_000 })
  kafka.growTopic('t', 2)
  kafka.failNext('topics', new KafkaError('BROKER_UNREACHABLE', 'gone'))
  clock.advanceTo(1_000)
  writer.write('a')
  await passUntilAsked(clock, 1_000)
  writer.write('b')
  clock.advanceTo(2_000)
  writer.write('c')
  await passUntilAsked(clock, 2_000)
  for (const value of ['d', 'e']) writer.write(value)
  expect(sent).toEqual(['t-0: a', 't-0: b', 't-0: c', 't-0: d', 't-1: e'])
})

test('Records without key avoid partitions that have no leader', async () => {
  const { driver, producer, clock } = await world()
  const partitions = [0, 1, 2].map((partition) => ({ partition, leader: partition === 1 ? -1 : 1, replicas: [1] }))
  const topics = async (): Promise<readonly TopicMetadata[]> => [{ topic: 't', partitions, isInternal: false }]
  const writer = new KafkaWriter<string>({
    settings: kafkaSinkSettings({ bootstrapServers: 'fake:9092', batchBytes: 0 }),
    fields: recordFields(valueOnly),
    ...{ context: testSinkWriterContext({ clock }), driver: Object.assign(driver, { topics }), producer },
    close: async () => {},
  })
  await writer.open()
  for (const value of 'abc') writer.write(value)
  expect(producer.sent).toEqual(['t-0: a', 't-2: b', 't-0: c'])
})

test('Of more topics than are kept in mind, what is being filled leaves before the topic is forgotten', async () => {
  const recordSerializer = { topic: (value: string) => value, value: (value: string) => value }
  const { writer, driver, sent } = await world({ recordSerializer, batchBytes: 500 })
  const partitions = [{ partition: 0, leader: 1, replicas: [1] }]
  Object.assign(driver, { topics: async ([topic]: string[]) => [{ topic, partitions, isInternal: false }] })
  for (let i = 0; i < 1_000; i++) await writer.write(`t${i}`)
  expect(sent).toEqual([])
  await writer.write('t1000')
  expect(sent).toEqual(['t0-0: t0'])
  await writer.write('t0')
  expect(sent).toEqual(['t0-0: t0', 't1-0: t1'])
})

test('A record waits for the schemas of its formats, and no other is written before it', async () => {
  const schemas = new Set<string>()
  const asked: string[] = []
  const format = (name: string) => ({
    serialize(value: string) {
      if (schemas.has(name)) return value
      throw new FormatNotReady(name, async () => {
        asked.push(name)
        await Promise.resolve()
        schemas.add(name)
      })
    },
  })
  const recordSerializer = { topic: 't', key: format('key'), value: format('value') }
  const { writer, sent } = await world({ topics: { t: 1 }, recordSerializer, batchBytes: 0 })
  await writer.write('a')
  expect(writer.write('b')).toBeUndefined()
  expect([asked, sent]).toEqual([
    ['key', 'value'],
    ['t-0: a', 't-0: b'],
  ])
})

test('A format that asks for time again and again is not asked for ever', async () => {
  const value = {
    serialize(): string {
      throw new FormatNotReady('it', async () => {})
    },
  }
  const { writer } = await world({ recordSerializer: { topic: 't', value } })
  await expect(writer.write('a')).rejects.toMatchObject({ code: 'FORMAT_NOT_READY' })
})

test('A flush sends what is being filled, and waits until everything is acknowledged', async () => {
  const { writer, producer, sent } = await world({ topics: { t: 1 } })
  writer.write('a')
  const seen: string[] = []
  const flushed = writer.flush(false).then(() => seen.push('flushed'))
  await Promise.resolve()
  expect([sent, seen]).toEqual([['t-0: a'], []])
  await producer.acknowledge()
  await flushed
})

test('With the guarantee none nothing is waited for at a checkpoint, but at the end of the input it is', async () => {
  const { writer, producer, sent } = await world({ topics: { t: 1 }, deliveryGuarantee: 'none' })
  writer.write('a')
  await writer.flush(false)
  expect(sent).toEqual([])
  const flushed = writer.flush(true)
  await Promise.resolve()
  expect(sent).toEqual(['t-0: a'])
  await producer.acknowledge()
  await flushed
})

test('Closing waits for nothing that is under way, and leaves no timer behind', async () => {
  const { writer, producer, clock, kafka, sent } = await world({ topics: { t: 1 } })
  writer.write('a')
  await writer.close()
  expect([producer.isClosed, kafka.openDrivers, sent, clock.nextDueMs()]).toEqual([
    true,
    0,
    [],
    Number.POSITIVE_INFINITY,
  ])
})

test('When the job is canceled, a flush that waits is rejected', async () => {
  const { writer, abort } = await world({ topics: { t: 1 } })
  writer.write('a')
  const flushing = expect(writer.flush(false)).rejects.toThrow('The producer was closed')
  abort.abort()
  await flushing
})

test('Metrics count records, bytes, and the time until the last acknowledgement', async () => {
  const { writer, producer, clock, metrics } = await world({ topics: { t: 1 }, batchBytes: 0 })
  writer.write('a')
  clock.advanceTo(20)
  await producer.acknowledge()
  expect(metrics.values()).toEqual({
    numRecordsSend: 1,
    numBytesSend: 69,
    numRecordsSendErrors: 0,
    currentSendTime: 20,
  })
})
