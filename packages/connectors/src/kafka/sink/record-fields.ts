import { preview } from '@millrace/runtime/connector'
import { KafkaError } from '../driver/kafka-error.ts'
import type { RecordHeader } from '../driver/record-batch/record-header.ts'
import type { SerializationFormat } from '../formats/format.ts'
import type { RecordPart } from '../formats/record-part.ts'
import type { KafkaBytes, KafkaRecordSerializer } from './kafka-record-serializer.ts'

/** A serializer whose choices have been made: nothing is left to find out for each record but what is in it. */
export interface RecordFields<in T> {
  /** The only topic there is, or a function. */
  readonly topic: string | ((record: T) => string)
  readonly keyFrom: ((record: T, part: RecordPart) => KafkaBytes) | undefined
  readonly valueFrom: (record: T, part: RecordPart) => KafkaBytes
  readonly headersFrom: ((record: T) => readonly RecordHeader[]) | undefined
  readonly timestampFrom: ((record: T) => number) | undefined
  readonly partitionFrom: ((record: T, partitionCount: number) => number) | undefined
}

/** Throws `INVALID_OPTION` for what is no serializer. */
export function recordFields<T>(serializer: KafkaRecordSerializer<T>): RecordFields<T> {
  const { topic, key, value, headers, timestampMs, partition } = serializer
  const isName = typeof topic === 'string' && topic !== ''
  if (!isName && typeof topic !== 'function') throw invalidSerializer('topic', 'the name of a topic, or a function')
  for (const [name, each] of Object.entries({ headers, timestampMs, partition })) {
    if (each !== undefined && typeof each !== 'function') throw invalidSerializer(name, 'a function')
  }
  // A serializer may be an object of a class, whose methods need it.
  return {
    topic: typeof topic === 'function' ? topic.bind(serializer) : topic,
    keyFrom: key === undefined ? undefined : bytesFrom('key', key, serializer),
    valueFrom: bytesFrom('value', value, serializer),
    // Batches take any bytes, not only what headers are read as.
    headersFrom: headers?.bind(serializer) as ((record: T) => readonly RecordHeader[]) | undefined,
    timestampFrom: timestampMs?.bind(serializer),
    partitionFrom: partition?.bind(serializer),
  }
}

function bytesFrom<T>(
  name: 'key' | 'value',
  format: SerializationFormat<T> | ((record: T) => KafkaBytes),
  serializer: KafkaRecordSerializer<T>,
): (record: T, part: RecordPart) => KafkaBytes {
  // A function may take something else for a second argument, as JSON.stringify does.
  if (typeof format === 'function') return (record) => format.call(serializer, record)
  if (typeof format?.serialize === 'function') return format.serialize.bind(format)
  throw invalidSerializer(name, 'a format with serialize(), or a function')
}

/** Serializers may be of users without types. Text, by far the most frequent, does not come here. */
export function checkBytes(name: 'key' | 'value', bytes: unknown, topic: string): void {
  if (bytes === null || bytes instanceof Uint8Array || typeof bytes === 'string') return
  throw invalidRecord(topic, `its ${name} must be text, bytes or null, not ${preview(bytes, previewCharactersMax)}`)
}

export function checkPartition(partition: number, partitionCount: number, topic: string): void {
  if (Number.isInteger(partition) && partition >= 0 && partition < partitionCount) return
  throw invalidRecord(topic, `its partition must be from 0 to ${partitionCount - 1}, not ${partition}`)
}

export function checkTimestamp(timestampMs: number, topic: string): void {
  if (Number.isSafeInteger(timestampMs)) return
  throw invalidRecord(topic, `its timestamp must be an integer, milliseconds since the epoch, not ${timestampMs}`)
}

export function checkTopicName(topic: unknown): void {
  if (typeof topic === 'string' && topic !== '') return
  throw invalidRecord(undefined, `its topic must be a name, not ${preview(topic, previewCharactersMax)}`)
}

const previewCharactersMax = 100

function invalidRecord(topic: string | undefined, reason: string): KafkaError {
  const to = topic === undefined ? '' : ` to topic "${topic}"`
  // The same record is as invalid in the next attempt.
  return new KafkaError(
    'INVALID_RECORD',
    `Cannot write a record${to}: ${reason}. See the sink's recordSerializer.`,
    { topic },
    { isLasting: true },
  )
}

function invalidSerializer(name: string, expected: string): KafkaError {
  const option = `recordSerializer.${name}`
  return new KafkaError('INVALID_OPTION', `Cannot make a Kafka sink: ${option} must be ${expected}.`, { option })
}
