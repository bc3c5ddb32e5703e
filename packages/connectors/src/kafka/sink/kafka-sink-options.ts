import type { ConnectionOptions } from '../connection-properties.ts'
import type { KafkaDriverFactory } from '../driver/kafka-driver.ts'
import type { Compression } from '../driver/record-batch/compression.ts'
import type { KafkaProperties } from '../kafka-properties.ts'
import type { KafkaRecordSerializer } from './kafka-record-serializer.ts'

/**
 * - `none`: nothing is waited for at checkpoints; what is under way may be lost.
 * - `at-least-once`: all is acknowledged before a checkpoint is complete; after a failure records may come again.
 * - `exactly-once`: records are part of transactions that are committed when their checkpoint is complete, so whoever reads
 *   `read_committed` sees each once. They show at the pace of checkpoints.
 */
export type DeliveryGuarantee = 'none' | 'at-least-once' | 'exactly-once'

/** How a {@link KafkaSink} writes, in the words of Flink's builder. */
export interface KafkaSinkOptions<in T> extends KafkaSinkSettingsOptions {
  /** What makes records of Kafka from records of the job. */
  readonly recordSerializer: KafkaRecordSerializer<T>
}

/** All but the serializer. In parentheses: the name as a property of Kafka. */
export interface KafkaSinkSettingsOptions extends ConnectionOptions {
  /** Default `at-least-once`. */
  readonly deliveryGuarantee?: DeliveryGuarantee
  /**
   * Needed for, and only for, `exactly-once`: what the transactional ids of this sink begin with. No other sink or job of the
   * cluster may have the same, and it stays the same over restarts of the job. Without `/`. With another guarantee it is
   * refused, which is not as in Flink: there would be duplicates where somebody meant to have none.
   */
  readonly transactionalIdPrefix?: string
  /**
   * After which brokers abort a transaction that nobody has ended: longer than checkpoint interval, checkpoint timeout and
   * restart together, and at most the brokers' `transaction.max.timeout.ms`. Default 15 min, the brokers' default maximum.
   * (`transaction.timeout.ms`)
   */
  readonly transactionTimeoutMs?: number
  /** How long records wait for more of their partition, to leave in one batch. Default 5 ms. (`linger.ms`) */
  readonly lingerMs?: number
  /**
   * How large a batch becomes before it leaves, before compression; 0: each record goes alone. A record that is larger has a
   * batch of its own. Default 64 KiB, or the 16th part of `pendingBytesMax` if that is less. (`batch.size`)
   */
  readonly batchBytes?: number
  /** Default `none`. (`compression.type`) */
  readonly compression?: Compression
  /** Which replicas must have a record: all in sync (-1, the default, needed for exactly-once), the leader, none. (`acks`) */
  readonly acks?: -1 | 0 | 1
  /** From write to acknowledgement, with all retries. Default 120 s. (`delivery.timeout.ms`) */
  readonly deliveryTimeoutMs?: number
  /**
   * Bytes that are not acknowledged, above which the job is held back. The memory that batches are filled in is bounded by it
   * too. Default 32 MiB. (`buffer.memory`)
   */
  readonly pendingBytesMax?: number
  /** The most bytes of one request, and of one record before compression. Default 1 MiB. (`max.request.size`) */
  readonly requestBytesMax?: number
  /**
   * How long it takes at most until partitions that are added to a topic are written to. Records of a key may then go to another
   * partition than before. Default 5 min. (`metadata.max.age.ms`)
   */
  readonly metadataMaxAgeMs?: number
  /** Before the number of the subtask in the client id. Default `millrace`. (`client.id`) */
  readonly clientIdPrefix?: string
  /**
   * By Kafka's names; options go before them. Also `enable.idempotence` (true, unless `acks` say otherwise) and
   * `max.in.flight.requests.per.connection` (5, here for each partition). A property that has no meaning here is refused.
   */
  readonly properties?: KafkaProperties
  /** What connects, for tests and other libraries. */
  readonly driver?: KafkaDriverFactory
}
