import type { Logger, SplitEnumeratorContext } from '@millrace/runtime/connector'
import { SimulatedClock, silentLogger, testJobInfo } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { KafkaError } from '../driver/kafka-error.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import type { KafkaSourceSettingsOptions } from './kafka-source-options.ts'
import { kafkaSourceSettings } from './kafka-source-settings.ts'
import { type KafkaSplit, splitOwner } from './kafka-split.ts'
import { KafkaSplitEnumerator, type KafkaSplitEnumeratorState } from './kafka-split-enumerator.ts'

/** An enumerator that writes down what it does. */
function world(kafka: FakeKafka, options: KafkaSourceSettingsOptions, restored?: KafkaSplitEnumeratorState) {
  const clock = new SimulatedClock()
  const readers: number[] = []
  const seen: string[] = []
  const warnings: string[] = []
  const logger: Logger = { ...silentLogger, warn: (message) => warnings.push(message) }
  const abort = new AbortController()
  const context: SplitEnumeratorContext<KafkaSplit> = {
    jobInfo: testJobInfo(),
    parallelism: 2,
    logger,
    clock,
    signal: abort.signal,
    registeredReaders: () => readers,
    assignSplit: ({ splitId, offset }, reader) => seen.push(`${reader} <- ${splitId}@${offset}`),
    signalNoMoreSplits: (reader) => seen.push(`${reader} has all`),
    sendEventToReader: () => {},
  }
  const settings = kafkaSourceSettings({ bootstrapServers: 'fake:9092', driver: kafka.driver, ...options })
  const enumerator = new KafkaSplitEnumerator(settings, context, restored)
  const pass = async (ms: number) => {
    clock.advanceTo(clock.monotonicMs() + ms)
    // What the fake answers takes a few turns of the microtasks.
    await new Promise((resolve) => setImmediate(resolve))
  }
  const register = (reader: number) => {
    readers.push(reader)
    enumerator.addReader(reader)
  }
  return { enumerator, seen, warnings, pass, register, abort, clock }
}

test('Partitions of a topic go round the subtasks from one that the name chooses, as in Flink', () => {
  const owners = (topic: string) => [0, 1, 2, 3, 4].map((partition) => splitOwner({ topic, partition }, 3))
  // "a" has the Java hash 97, times 31 is 3007, which leaves 1.
  expect(owners('a')).toEqual([1, 2, 0, 1, 2])
  // The hash of this text overflows to a negative number.
  const long = owners('transactions-by-customer')
  expect(long.every((owner) => owner >= 0)).toBe(true)
  expect(long.slice(1)).toEqual(long.slice(0, -1).map((owner) => (owner + 1) % 3))
})

test('Splits wait for the reader that owns them', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('a', 3)
  kafka.write('a', 1, 'x')
  const { enumerator, seen, register } = world(kafka, { topics: 'a', startingOffsets: 'latest' })
  await enumerator.start()
  register(1)
  expect(seen).toEqual(['1 <- a-0@0', '1 <- a-2@0'])
  expect(enumerator.snapshotState()).toEqual({
    known: [0, 1, 2].map((partition) => ({ topic: 'a', partition })),
    pending: [{ splitId: 'a-1', topic: 'a', partition: 1, offset: 1 }],
  })
  register(0)
  expect(seen.slice(2)).toEqual(['0 <- a-1@1'])
})

test('Every five minutes new partitions and topics are looked for, and read from their beginning', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('a')
  const { enumerator, seen, register, pass } = world(kafka, { topicPattern: /a|b/, startingOffsets: 'latest' })
  await enumerator.start()
  register(0)
  register(1)
  kafka.growTopic('a', 2)
  kafka.write('a', 1, 'x')
  kafka.createTopic('b')
  await pass(299_999)
  expect(seen).toEqual(['1 <- a-0@0'])
  await pass(1)
  expect(seen.slice(1)).toEqual(['0 <- a-1@0', '0 <- b-0@0'])
  await pass(300_000)
  expect(seen).toHaveLength(3)
})

test('A restored enumerator finds only what is new, and deals out what was pending', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('a', 4)
  const restored: KafkaSplitEnumeratorState = {
    known: [0, 1, 2].map((partition) => ({ topic: 'a', partition })),
    pending: [{ splitId: 'a-2', topic: 'a', partition: 2, offset: 7 }],
  }
  const { enumerator, seen, register, pass } = world(kafka, { topics: 'a' }, restored)
  await enumerator.start()
  register(0)
  register(1)
  expect(seen).toEqual(['1 <- a-2@7'])
  await pass(1)
  expect(seen.slice(1)).toEqual(['0 <- a-3@0'])
})

test.each<[string, KafkaSourceSettingsOptions]>([
  ['an interval of 0', { topics: 'a', partitionDiscoveryIntervalMs: 0 }],
  ['single partitions', { partitions: [{ topic: 'a', partition: 0 }] }],
  ['a bounded source', { topics: 'a', bounded: 'latest' }],
])('With %s nothing is looked for again', async (_, options) => {
  const kafka = new FakeKafka()
  kafka.createTopic('a')
  const { enumerator, clock } = world(kafka, options)
  await enumerator.start()
  expect(clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
})

test('A bounded source tells every reader that it has all, also after a restore', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('a')
  for (const restored of [undefined, { known: [], pending: [] }]) {
    const { enumerator, seen, register } = world(kafka, { topics: 'a', bounded: 'latest' }, restored)
    await enumerator.start()
    register(0)
    register(1)
    expect(seen.filter((each) => each.endsWith('all'))).toEqual(['0 has all', '1 has all'])
  }
})

test('A discovery that fails is told, and made up for by the next', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('a')
  const { enumerator, seen, warnings, register, pass } = world(kafka, {
    topics: 'a',
    partitionDiscoveryIntervalMs: 1_000,
  })
  await enumerator.start()
  register(0)
  register(1)
  kafka.growTopic('a', 2)
  kafka.failNext('topics', new KafkaError('BROKER_UNREACHABLE', 'Cannot reach fake:9092'))
  await pass(1_000)
  expect(warnings).toEqual(['could not look for new partitions'])
  await pass(1_000)
  expect(seen).toEqual(['1 <- a-0@0', '0 <- a-1@0'])
})

test('A topic that is deleted while it is read is told once for its partitions', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('a')
  kafka.createTopic('b')
  const { enumerator, warnings, pass } = world(kafka, { topicPattern: /[ab]/, partitionDiscoveryIntervalMs: 1_000 })
  await enumerator.start()
  kafka.deleteTopic('b')
  await pass(1_000)
  await pass(1_000)
  expect(warnings).toEqual(['partitions that are being read are not part of the subscription any more'])
})

test('A pattern that matches nothing yet waits for topics to come, if they are looked for', async () => {
  const kafka = new FakeKafka()
  const { enumerator, seen, warnings, register, pass } = world(kafka, { topicPattern: /a/ })
  await enumerator.start()
  register(1)
  expect(warnings).toHaveLength(1)
  kafka.createTopic('a')
  await pass(300_000)
  expect(seen).toEqual(['1 <- a-0@0'])
})

test('The end of the job closes the driver, even while the start waits for a broker', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('a')
  const { enumerator, abort, clock } = world(kafka, { topics: 'a' })
  await enumerator.start()
  abort.abort()
  await new Promise((resolve) => setImmediate(resolve))
  expect(kafka.openDrivers).toBe(0)
  expect(clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
})
