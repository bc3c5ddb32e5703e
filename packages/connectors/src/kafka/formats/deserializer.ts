import type { FetchedRecord } from '../driver/fetched-record.ts'
import type { RecordHeader } from '../driver/record-batch/record-header.ts'
import type { DeserializationFormat } from './format.ts'

/**
 * A record of Kafka as deserializers see it: a view that is valid during the call. Buffers it answers share the memory of the
 * broker's whole answer: copy what you keep.
 */
export interface ConsumerRecord extends Omit<FetchedRecord<unknown>, 'assignment'> {}

/** Makes a record of the job from a record of Kafka. Undefined leaves it out; what it throws makes it a poison record. */
export type KafkaDeserializer<T> = (record: ConsumerRecord) => T | undefined

/** What `fullRecord` makes of a record of Kafka. */
export interface KafkaRecord<K, V> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch, -1 if there is none. */
  readonly timestampMs: number
  readonly key: K | null
  /** Null is how a compacted topic is told that a key is gone (a tombstone). */
  readonly value: V | null
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[]
}

/**
 * Values only; null values (tombstones) are left out.
 *
 * @example
 * const source = new KafkaSource({
 *   bootstrapServers: 'localhost:9092',
 *   topics: 'words',
 *   deserializer: valueOnly(stringFormat()), // The same as `valueOnlyDeserializer: stringFormat()`.
 * })
 * source.boundedness // -> 'continuous-unbounded'
 */
export function valueOnly<T>(format: DeserializationFormat<T>): KafkaDeserializer<T> {
  if (format.deserializeText !== undefined) {
    return (record) => {
      const text = record.valueText()
      return text === null ? undefined : format.deserializeText!(text)
    }
  }
  if (format.deserializeCopy !== undefined) {
    return (record) => {
      const bytes = record.valueCopy()
      return bytes === null ? undefined : format.deserializeCopy!(bytes)
    }
  }
  return (record) => {
    const bytes = record.value()
    return bytes === null ? undefined : format.deserialize(bytes)
  }
}

/**
 * Everything a record has: key, value, headers, timestamp, and where it stood. A record whose key or value the format leaves
 * out (undefined) is left out; null stays null.
 *
 * @example
 * const source = new KafkaSource({
 *   bootstrapServers: 'localhost:9092',
 *   topics: 'orders',
 *   deserializer: fullRecord({ key: stringFormat(), value: jsonFormat<{ amount: number }>() }),
 *   bounded: 'latest',
 * })
 * source.boundedness // -> 'bounded'
 */
export function fullRecord<K, V>(formats: {
  readonly key: DeserializationFormat<K>
  readonly value: DeserializationFormat<V>
}): KafkaDeserializer<KafkaRecord<K, V>> {
  const readKey = field(formats.key, {
    text: (record) => record.keyText(),
    copy: (record) => record.keyCopy(),
    bytes: (record) => record.key(),
  })
  const readValue = field(formats.value, {
    text: (record) => record.valueText(),
    copy: (record) => record.valueCopy(),
    bytes: (record) => record.value(),
  })
  return (record) => {
    const key = readKey(record)
    const value = readValue(record)
    if (key === undefined || value === undefined) return undefined
    const { topic, partition, offset, timestampMs } = record
    return { topic, partition, offset, timestampMs, key, value, headers: copied(record.headers()) }
  }
}

function field<T>(
  format: DeserializationFormat<T>,
  read: {
    text(record: ConsumerRecord): string | null
    copy(record: ConsumerRecord): Uint8Array | null
    bytes(record: ConsumerRecord): Buffer | null
  },
): (record: ConsumerRecord) => T | null | undefined {
  if (format.deserializeText !== undefined) {
    return (record) => {
      const text = read.text(record)
      return text === null ? null : format.deserializeText!(text)
    }
  }
  if (format.deserializeCopy !== undefined) {
    return (record) => {
      const bytes = read.copy(record)
      return bytes === null ? null : format.deserializeCopy!(bytes)
    }
  }
  return (record) => {
    const bytes = read.bytes(record)
    return bytes === null ? null : format.deserialize(bytes)
  }
}

const noHeaders: readonly never[] = []

function copied(headers: readonly RecordHeader[]): KafkaRecord<unknown, unknown>['headers'] {
  if (headers.length === 0) return noHeaders
  return headers.map(({ key, value }) => ({ key, value: value === null ? null : new Uint8Array(value) }))
}
