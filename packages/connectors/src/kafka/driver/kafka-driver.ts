import type { KafkaConnectionOptions, KafkaDriverContext } from './connection-options.ts'
import type { KafkaAdmin } from './kafka-admin.ts'
import type { FetcherOptions, IsolationLevel, KafkaFetcher, PartitionAssignment } from './kafka-fetcher.ts'
import type { KafkaProducer, ProducerIdentity, ProducerOptions } from './kafka-producer.ts'

/** One partition, by the name of its topic and its number. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A place in the log of a partition: the offset of the next record. Offsets are safe integers. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: number
}

export interface PartitionMetadata {
  readonly partition: number
  /** The broker that leads the partition, -1 while there is none. */
  readonly leader: number
  readonly replicas: readonly number[]
}

export interface TopicMetadata {
  readonly topic: string
  /** Ascending. */
  readonly partitions: readonly PartitionMetadata[]
  /** A topic of Kafka itself, such as `__consumer_offsets`. */
  readonly isInternal: boolean
}

/** Which offset to look up: the first that is there, the one after the last, or the first not before a time. */
export type OffsetSpec = 'earliest' | 'latest' | { readonly timestampMs: number }

/** Opens the connection to a cluster. The seam between the connector and the library that speaks to brokers. */
export type KafkaDriverFactory = (options: KafkaConnectionOptions, context: KafkaDriverContext) => KafkaDriver

/**
 * Everything that source and sink ask of a Kafka cluster. One driver belongs to one subtask or enumerator, opens
 * connections as it needs them, and is closed by its owner.
 *
 * Every promise settles: operations are tried again, with growing waits, while the failure may pass (a leader moves, a
 * coordinator fails over, a connection is lost), until `retryTimeoutMs` is over. They reject with a `KafkaError` only.
 */
export interface KafkaDriver {
  /** Reaches any bootstrap server, so that a wrong address or password is known at once. Not needed otherwise. */
  connect(): Promise<void>

  /** Topics of these names. Those that are not there are missing in the answer; none is created. */
  topics(names: readonly string[]): Promise<readonly TopicMetadata[]>
  /** All topics this user may see, without those of Kafka itself, whose whole name `pattern` matches. */
  topicsMatching(pattern: RegExp): Promise<readonly TopicMetadata[]>

  /**
   * The offsets for `spec`, in the order of `partitions`. `latest` is the end as a reader of `isolation` sees it, so it
   * stops before the first open transaction under `read_committed` (the default). For a time after all records: the end.
   */
  listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolation?: IsolationLevel,
  ): Promise<readonly PartitionOffset[]>

  /** Offsets that group `groupId` has committed, of those `partitions` that it has any for. */
  fetchCommittedOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]>
  /** Commits as a consumer without membership does: only while no consumer of the group is subscribed. */
  commitOffsets(groupId: string, offsets: readonly PartitionOffset[]): Promise<void>

  createFetcher<A extends PartitionAssignment>(options?: FetcherOptions): KafkaFetcher<A>
  createProducer(options?: ProducerOptions): KafkaProducer

  /**
   * A new producer id, or with a `transactionalId` the next epoch of its own: this fences every earlier producer of that id
   * and aborts its open transaction before it answers. The timeout is that of transactions, at most the broker's maximum.
   */
  initProducerId(transactionalId?: string, transactionTimeoutMs?: number): Promise<ProducerIdentity>
  /**
   * Commits or aborts the open transaction of exactly this id, producer id and epoch; any driver may. Repeating it has no
   * effect and succeeds. Rejects with `INVALID_TRANSACTION_STATE` if nothing was ever written in it, or if it was ended the
   * other way, and with `PRODUCER_FENCED` if the id has a newer epoch (as after the transaction timed out).
   * After `TIMED_OUT` or `BROKER_UNREACHABLE` the outcome is unknown; it may be repeated then.
   */
  endTransaction(identity: TransactionalIdentity, outcome: 'commit' | 'abort'): Promise<void>
  /** Transactions of all brokers whose transactional id starts with `prefix`, unless they are of state `Empty`. */
  listTransactions(prefix: string): Promise<readonly TransactionListing[]>
  /** What the coordinators know of these ids. Ids never used, or forgotten, are missing in the answer. */
  describeTransactions(transactionalIds: readonly string[]): Promise<readonly TransactionDescription[]>

  readonly admin: KafkaAdmin

  /** Closes fetchers, producers and connections, without waiting for what is under way; that is rejected with `CLOSED`. */
  close(): Promise<void>
}

/** A producer's identity that is bound to a transactional id. Plain data: it goes into checkpoints. */
export interface TransactionalIdentity extends ProducerIdentity {
  readonly transactionalId: string
}

/** Kafka's names. `CompleteCommit` and `CompleteAbort` are transactions of the past. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence'
  | 'Unknown'

export interface TransactionListing {
  readonly transactionalId: string
  readonly producerId: number
  readonly state: TransactionState
}

export interface TransactionDescription extends TransactionListing {
  readonly epoch: number
  readonly timeoutMs: number
  /** When it began, milliseconds since the epoch; undefined if none is open. */
  readonly startedAtMs: number | undefined
  /** The partitions that are part of the open transaction. */
  readonly partitions: readonly TopicPartition[]
}
