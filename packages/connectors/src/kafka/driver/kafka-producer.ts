import type { PartitionOffset, TransactionalIdentity } from './kafka-driver.ts'
import type { Compression } from './record-batch/compression.ts'
import type { RecordBatchBuilder } from './record-batch/record-batch-builder.ts'

/** Who writes, as far as brokers tell duplicates apart. Plain data. */
export interface ProducerIdentity {
  readonly transactionalId?: string
  readonly producerId: number
  readonly epoch: number
}

/** In parentheses: Kafka's name of the property. */
export interface ProducerOptions {
  /**
   * From `initProducerId`. With it brokers drop duplicates of retries and keep order; with a transactional one records
   * belong to transactions. Without it a retry may write twice. An identity has one producer at a time, from its first batch on.
   */
  readonly identity?: ProducerIdentity
  /** Which replicas must have a batch: all in sync (-1, the default, and required with an identity), the leader, none. (`acks`) */
  readonly acks?: -1 | 0 | 1
  /** Default `none`. (`compression.type`) */
  readonly compression?: Compression
  /** From `send` to the acknowledgement, with all retries. Default 120 s. (`delivery.timeout.ms`) */
  readonly deliveryTimeoutMs?: number
  /** Batches under way to one partition: 5 with an identity, which keeps their order, else always 1. */
  readonly inFlightPerPartition?: number
  /** `whenRoom` answers a promise above it. Default 32 MiB. (`buffer.memory`) */
  readonly pendingBytesMax?: number
  /** The most bytes of one request; a larger batch goes alone. Default 1 MiB. (`max.request.size`) */
  readonly requestBytesMax?: number
}

export interface ProducedBatch {
  /** The offset of the first record, -1 with `acks: 0`. */
  readonly baseOffset: number
}

/**
 * Writes batches that its user fills. Batches of a partition arrive in the order of `send`.
 *
 * After a batch has failed, nothing more can arrive in order: it and all later ones are rejected, the producer stays failed,
 * and its user makes another, with an identity that is new.
 */
export interface KafkaProducer {
  /**
   * Takes over `batch`, which has at least one record, until the promise settles: the acknowledgement, or a `KafkaError`
   * with topic and partition. The promise of a batch that fails after others is `PRODUCER_FAILED` with the first as cause.
   * In a transaction the partition is made part of it first. The promise may be left alone: `flush` tells of failures too.
   */
  send(topic: string, partition: number, batch: RecordBatchBuilder): Promise<ProducedBatch>
  /** Bytes handed to `send` and not settled. */
  readonly pendingBytes: number
  /** The way to push back: undefined while there is room, else a promise that resolves when there is (or after failure). */
  whenRoom(): Promise<void> | undefined
  /** Resolves when all that was sent is acknowledged; rejects with the error of the first batch that was not. */
  flush(): Promise<void>
  /** The first failure, if there was one. */
  readonly failure: Error | undefined

  /**
   * For transactional identities: forgets which partitions are part of the transaction, as the next one is to begin.
   * All batches must have settled, and the one before must have been ended, unless another identity takes over: that of
   * another transactional id, or a newer epoch.
   */
  beginTransaction(identity?: TransactionalIdentity): void
  /** Whether something was sent since `beginTransaction`: brokers refuse to end a transaction without records. */
  readonly isTransactionEmpty: boolean
  /** Where a record of the transaction is: of the first batch that was acknowledged. Undefined while there is none. */
  readonly firstInTransaction: PartitionOffset | undefined
  /** Rejects with `CLOSED` what has not settled. */
  close(): Promise<void>
}
