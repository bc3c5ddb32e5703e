import { readSource, readSourceThroughFailures, SystemClock } from '@millrace/runtime/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringFormat } from '../formats/string-format.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { KafkaSource } from './kafka-source.ts'
import type { KafkaSourceSettingsOptions } from './kafka-source-options.ts'

const clock = new SystemClock()

function sourceOf(kafka: FakeKafka, options: KafkaSourceSettingsOptions = {}) {
  return new KafkaSource({
    bootstrapServers: 'fake:9092',
    driver: kafka.driver,
    topics: 't',
    valueOnlyDeserializer: stringFormat(),
    ...options,
  })
}

function kafkaWith(...recordCounts: readonly number[]): FakeKafka {
  const kafka = new FakeKafka()
  kafka.createTopic('t', recordCounts.length)
  for (const [partition, count] of recordCounts.entries()) {
    for (let i = 0; i < count; i++) kafka.write('t', partition, `${partition}:${i}`)
  }
  return kafka
}

test('KafkaSource emits every record once through failures, at any parallelism', async () => {
  const attempts = fc.array(
    fc.record({
      parallelism: fc.integer({ min: 1, max: 4 }),
      snapshotAfter: fc.integer({ min: 0, max: 12 }),
      recordsLost: fc.integer({ min: 0, max: 6 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  const counts = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 })
  const limits = fc.infiniteStream(fc.integer({ min: 1, max: 4 }))
  await fc.assert(
    fc.asyncProperty(counts, attempts, limits, async (recordCounts, attempts, limits) => {
      const kafka = kafkaWith(...recordCounts)
      const pollLimit = () => limits.next().value!
      const source = sourceOf(kafka, { bounded: 'latest' })
      await readSourceThroughFailures(source, { clock, attempts, pollLimit, parallelism: 2 })
      expect(kafka.openDrivers).toBe(0)
    }),
    { numRuns: 60 },
  )
})

test('A job that failed before its first record starts at the same offsets again', async () => {
  const kafka = kafkaWith(2)
  const source = sourceOf(kafka, { startingOffsets: 'latest' })
  const { snapshot } = await readSource(source, { clock, recordsMax: 0, snapshotAfter: 0 })
  kafka.write('t', 0, 'while it was down')
  const { records } = await readSource(source, { clock, restore: snapshot, recordsMax: 1 })
  expect(records).toEqual([['while it was down']])
})

test('A bounded source reads what there was when it first started, however often it fails', async () => {
  const kafka = kafkaWith(3)
  const source = sourceOf(kafka, { bounded: 'latest' })
  const { snapshot } = await readSource(source, { clock, recordsMax: 1, snapshotAfter: 1 })
  kafka.write('t', 0, 'later')
  kafka.growTopic('t', 2)
  kafka.write('t', 1, 'later')
  const { records } = await readSource(source, { clock, restore: snapshot, parallelism: 2 })
  expect(records.flat()).toEqual(['0:1', '0:2'])
})

test.each([0, 60_000])(
  'Partitions that were added while the job was down are read from their beginning, the others go on (discovery every %s ms)',
  async (partitionDiscoveryIntervalMs) => {
    const kafka = kafkaWith(2)
    const source = sourceOf(kafka, { partitionDiscoveryIntervalMs })
    const { snapshot } = await readSource(source, { clock, recordsMax: 1, snapshotAfter: 1 })
    kafka.growTopic('t', 2)
    kafka.write('t', 1, '1:0')
    const { records } = await readSource(source, { clock, restore: snapshot, recordsMax: 2 })
    expect(records.flat().toSorted()).toEqual(['0:1', '1:0'])
  },
)
