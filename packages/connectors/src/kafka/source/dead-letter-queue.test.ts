import { readSource, readSourceThroughFailures, SystemClock } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { KafkaError } from '../driver/kafka-error.ts'
import { jsonFormat } from '../formats/json-format.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { KafkaSource } from './kafka-source.ts'

const clock = new SystemClock()

function sourceOf(kafka: FakeKafka) {
  return new KafkaSource<number>({
    bootstrapServers: 'fake:9092',
    driver: kafka.driver,
    topics: 't',
    bounded: 'latest',
    valueOnlyDeserializer: jsonFormat<number>(),
    onDeserializationError: { deadLetter: 'dead' },
  })
}

function kafkaWith(...values: readonly string[]): FakeKafka {
  const kafka = new FakeKafka()
  kafka.createTopic('t')
  kafka.createTopic('dead')
  kafka.write('t', 0, ...values)
  return kafka
}

test('A dead letter has key, value and headers as they were, and says where it stood and why it is there', async () => {
  const kafka = kafkaWith('1')
  kafka.write('t', 0, { key: 'k', value: '{oops', headers: { trace: 'x' }, timestampMs: 5 }, '2')
  const { records, counters } = await readSource(sourceOf(kafka), { clock })
  expect(records).toEqual([[1, 2]])
  expect(counters).toMatchObject({ numRecordsInErrors: 1, deadLettersWritten: 1 })
  const letters = kafka.records('dead').map(({ timestampMs, key, value, headers }) => ({
    ...{ timestampMs, key: key?.toString(), value: value?.toString() },
    headers: headers.map((header) => `${header.key}=${header.value}`),
  }))
  expect(letters).toEqual([
    {
      ...{ timestampMs: 5, key: 'k', value: '{oops' },
      headers: [
        ...['trace=x', 'deadLetter.topic=t', 'deadLetter.partition=0', 'deadLetter.offset=1'],
        expect.stringMatching(/^deadLetter.error=.*JSON/),
      ],
    },
  ])
})

test('Letters that no broker has acknowledged are in the snapshot, and written after a restore', async () => {
  const kafka = kafkaWith('1', 'bad', '2', '3')
  const source = sourceOf(kafka)
  // The snapshot is taken before the fake acknowledges anything.
  const { snapshot } = await readSource(source, { clock, recordsMax: 2, snapshotAfter: 2 })
  expect(snapshot?.splits.flat()).toMatchObject([{ offset: 3, deadLetters: [{ offset: 1 }] }])
  const { records } = await readSource(source, { clock, restore: snapshot })
  expect(records).toEqual([[3]])
  expect(new Set(kafka.values('dead'))).toEqual(new Set(['bad']))
})

test('Every record is read once and every poison record is put aside, through failures', async () => {
  const kafka = kafkaWith(...Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? `bad ${i}` : String(i))))
  const attempts = [
    { parallelism: 1, snapshotAfter: 5, recordsLost: 3 },
    { parallelism: 2, snapshotAfter: 0, recordsLost: 4 },
    { parallelism: 1, snapshotAfter: 9, recordsLost: 0 },
  ]
  await readSourceThroughFailures(sourceOf(kafka), { clock, attempts, pollLimit: () => 2 })
  expect(new Set(kafka.values('dead')).size).toBe(14)
})

test('A topic for dead letters that is not there is told at the start, and one that cannot be written fails the job', async () => {
  const kafka = kafkaWith('bad')
  kafka.failNext('produce', new KafkaError('RECORD_TOO_LARGE', 'It is too large'))
  await expect(readSource(sourceOf(kafka), { clock })).rejects.toMatchObject({
    code: 'DEAD_LETTER_FAILED',
    facts: { deadLetterTopic: 'dead', topic: 't', partition: 0, offset: 0 },
  })
  kafka.deleteTopic('dead')
  await expect(readSource(sourceOf(kafka), { clock })).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
})

test('Reading waits while many letters are not acknowledged', async () => {
  const large = `bad ${'x'.repeat(600_000)}`
  const kafka = kafkaWith(...Array.from({ length: 20 }, () => large), '1')
  const { records } = await readSource(sourceOf(kafka), { clock })
  expect(records).toEqual([[1]])
  expect(kafka.values('dead')).toHaveLength(20)
})
