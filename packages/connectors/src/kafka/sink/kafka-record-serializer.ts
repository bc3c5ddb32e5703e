import type { SerializationFormat } from '../formats/format.ts'

/** Bytes, or text that is written as UTF-8, or null: no key, or a tombstone. */
export type KafkaBytes = string | Uint8Array | null

/** A header of a record to be written. Keys may repeat; their order is kept. What `fullRecord` reads can be handed on. */
export interface KafkaHeader {
  readonly key: string
  readonly value: KafkaBytes
}

/**
 * Makes records of Kafka from records of the job (org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema). All
 * functions are called in the order of records, and never keep what they are given. What one throws fails the job, and so
 * does, as `INVALID_RECORD`, what cannot be written: a value that is neither text nor bytes, a partition that is not there.
 *
 * @example
 * interface Order { readonly customer: string; readonly amount: number; readonly placedAtMs: number }
 * const recordSerializer: KafkaRecordSerializer<Order> = {
 *   topic: (order) => (order.amount > 1_000 ? 'large-orders' : 'orders'),
 *   key: (order) => order.customer,
 *   value: jsonFormat(),
 *   headers: () => [{ key: 'origin', value: 'shop' }],
 *   timestampMs: (order) => order.placedAtMs,
 * }
 * const sink = new KafkaSink({ bootstrapServers: 'localhost:9092', recordSerializer })
 * sink instanceof KafkaSink // -> true
 */
export interface KafkaRecordSerializer<in T> {
  /** One topic for all records, or one for each. Topics exist already: none is created. */
  readonly topic: string | ((record: T) => string)
  /** A format (`jsonFormat()`), or a function. */
  readonly value: SerializationFormat<T> | ((record: T) => KafkaBytes)
  /** Records of one key go to one partition. Without it: no key. */
  readonly key?: SerializationFormat<T> | ((record: T) => KafkaBytes)
  readonly headers?: (record: T) => readonly KafkaHeader[]
  /** Milliseconds since the epoch. Without it, and where it is negative: the time of the write. */
  readonly timestampMs?: (record: T) => number
  /**
   * The partition, from 0 to `partitionCount - 1`. Without it, as Kafka's own clients do: by the murmur2 hash of the key, and
   * records without key fill one batch after the other, each in another partition.
   */
  readonly partition?: (record: T, partitionCount: number) => number
}
