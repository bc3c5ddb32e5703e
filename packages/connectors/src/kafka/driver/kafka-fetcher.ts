import type { FetchedRecord } from './fetched-record.ts'
import type { PartitionOffset, TopicPartition } from './kafka-driver.ts'

/** Whether records of open and aborted transactions are read as well. */
export type IsolationLevel = 'read_committed' | 'read_uncommitted'

/** In parentheses: Kafka's name of the property. */
export interface FetcherOptions {
  /** Default `read_committed`. (`isolation.level`) */
  readonly isolation?: IsolationLevel
  /** Bytes fetched and not read yet, all partitions together, plus one answer a broker. Default 16 MiB. */
  readonly prefetchBytesMax?: number
  /** The most bytes of one answer. Default 8 MiB. A larger first batch comes whole. (`fetch.max.bytes`) */
  readonly fetchBytesMax?: number
  /** Of one partition. Default 1 MiB. (`max.partition.fetch.bytes`) */
  readonly partitionBytesMax?: number
  /** A broker waits until it has that many bytes to answer with ... Default 1. (`fetch.min.bytes`) */
  readonly fetchBytesMin?: number
  /** ... or until that has passed. Default 500 ms. (`fetch.max.wait.ms`) */
  readonly fetchWaitMs?: number
  /** Reads from a replica in the same rack if brokers are set up to. (`client.rack`) */
  readonly rackId?: string
}

/**
 * A partition to read, and from where. The fetcher hands the very object back with each record, so it can carry what its
 * reader keeps for the partition; the fetcher does not change it.
 */
export interface PartitionAssignment extends TopicPartition {
  /** The first offset to read. */
  readonly offset: number
  /** Reading ends before this offset. Omit to read on and on. */
  readonly stoppingOffset?: number | undefined
}

/** What a fetcher knows of a partition. Offsets are -1 until the first answer of a broker. */
export interface PartitionProgress extends PartitionOffset {
  /** The end of what readers of any isolation can see. */
  readonly highWatermark: number
  /** The end of what a reader of `read_committed` can see. */
  readonly lastStableOffset: number
  readonly logStartOffset: number
}

/**
 * Reads assigned partitions, without a group: fetches ahead into a bounded buffer, and hands records out one by one.
 *
 * Everything but `available` is synchronous; there is no promise a record. A reader's loop:
 *
 *     for (let record = fetcher.next(); record !== undefined; record = fetcher.next()) emit(record.valueText())
 *     for (const ended of fetcher.takeEnded()) finish(ended)
 *     await fetcher.available()
 *
 * Leaders that move and connections that are lost are dealt with inside. What is not is thrown by `next`, once for each
 * partition, as a `KafkaError` (`OFFSET_OUT_OF_RANGE`, `UNKNOWN_TOPIC`, `NOT_AUTHORIZED`, `CORRUPT_BATCH`, and
 * `BROKER_UNREACHABLE` when its leader did not answer for the whole retry timeout); that partition
 * then rests until `seek` or `unassign`, while others go on.
 */
export interface KafkaFetcher<A extends PartitionAssignment> {
  /** Adds partitions. One that is assigned already is refused. */
  assign(assignments: readonly A[]): void
  /** Forgets partitions, with what was fetched of them. */
  unassign(partitions: readonly TopicPartition[]): void
  /** Hands out no records of these until `resume`; what was fetched is kept. Repeating it has no effect. */
  pause(partitions: readonly TopicPartition[]): void
  resume(partitions: readonly TopicPartition[]): void
  /** Goes on from another offset, dropping what was fetched; also after an error. */
  seek(position: PartitionOffset): void

  /**
   * The next record, or undefined if none is at hand: then look at `takeEnded` and wait for `available`. It is a view,
   * the same object each time, whose fields change with the next call.
   */
  next(): FetchedRecord<A> | undefined
  /**
   * The assignments whose position has reached their stopping offset, each once; they are unassigned by that. Offsets
   * without records (markers of transactions, compaction) count as read, so a partition may end without a last record.
   */
  takeEnded(): readonly A[]
  /** Whether `next` or `takeEnded` may have something. Never rejects. Resolves also after `close`, `assign` and `seek`. */
  available(): Promise<void>

  /** The position after the last record handed out, and past offsets without records, or undefined if not assigned. */
  progress(partition: TopicPartition): PartitionProgress | undefined
  /** Bytes fetched and not read yet. */
  readonly bufferedBytes: number
  close(): Promise<void>
}
