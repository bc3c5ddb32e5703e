import type { KafkaAdmin } from '../driver/kafka-admin.ts'
import type {
  KafkaDriver,
  OffsetSpec,
  PartitionOffset,
  TopicMetadata,
  TopicPartition,
  TransactionalIdentity,
  TransactionDescription,
  TransactionListing,
} from '../driver/kafka-driver.ts'
import type { FetcherOptions, IsolationLevel, KafkaFetcher, PartitionAssignment } from '../driver/kafka-fetcher.ts'
import type { KafkaProducer, ProducerIdentity, ProducerOptions } from '../driver/kafka-producer.ts'
import { FakeFetcher } from './fake-fetcher.ts'
import type { FakeKafka } from './fake-kafka.ts'
import type { FakeLog } from './fake-log.ts'
import { FakeProducer } from './fake-producer.ts'

/** A connection to a fake cluster. */
export class FakeDriver implements KafkaDriver {
  readonly admin: KafkaAdmin
  readonly #kafka: FakeKafka
  readonly #fetchers: { close(): Promise<void> }[] = []
  #isClosed = false

  constructor(kafka: FakeKafka) {
    this.#kafka = kafka
    this.admin = kafka.admin
  }

  async connect(): Promise<void> {
    this.#kafka.attempt('connect')
  }

  async topics(names: readonly string[]): Promise<readonly TopicMetadata[]> {
    this.#kafka.attempt('topics')
    return this.#kafka.metadata().filter(({ topic }) => names.includes(topic))
  }

  async topicsMatching(pattern: RegExp): Promise<readonly TopicMetadata[]> {
    this.#kafka.attempt('topics')
    const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replaceAll(/[gy]/g, ''))
    return this.#kafka.metadata().filter(({ topic, isInternal }) => !isInternal && whole.test(topic))
  }

  async listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolation: IsolationLevel = 'read_committed',
  ): Promise<readonly PartitionOffset[]> {
    this.#kafka.attempt('listOffsets')
    return partitions.map(({ topic, partition }) => {
      const log = this.#kafka.logOf(topic, partition)
      return { topic, partition, offset: offsetOf(log, spec, isolation) }
    })
  }

  async fetchCommittedOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly PartitionOffset[]> {
    this.#kafka.attempt('fetchCommittedOffsets')
    return partitions.flatMap((partition) => this.#kafka.committedOffset(groupId, partition) ?? [])
  }

  async commitOffsets(groupId: string, offsets: readonly PartitionOffset[]): Promise<void> {
    this.#kafka.attempt('commitOffsets')
    this.#kafka.commitOffsets(groupId, offsets)
  }

  createFetcher<A extends PartitionAssignment>(options?: FetcherOptions): KafkaFetcher<A> {
    const fetcher = new FakeFetcher<A>(this.#kafka, options)
    this.#kafka.fetchers.add(fetcher)
    this.#fetchers.push(fetcher)
    return fetcher
  }

  createProducer(options?: ProducerOptions): KafkaProducer {
    return new FakeProducer(this.#kafka, options)
  }

  async initProducerId(transactionalId?: string, transactionTimeoutMs = 60_000): Promise<ProducerIdentity> {
    this.#kafka.attempt('initProducerId')
    return this.#kafka.transactions.initProducerId(transactionalId, transactionTimeoutMs)
  }

  async endTransaction(identity: TransactionalIdentity, outcome: 'commit' | 'abort'): Promise<void> {
    this.#kafka.attempt('endTransaction')
    this.#kafka.transactions.end(identity, outcome)
  }

  async listTransactions(prefix: string): Promise<readonly TransactionListing[]> {
    this.#kafka.attempt('listTransactions')
    return this.#kafka.transactions.list(prefix)
  }

  async describeTransactions(transactionalIds: readonly string[]): Promise<readonly TransactionDescription[]> {
    return this.#kafka.transactions.describe(transactionalIds)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#kafka.openDrivers--
    for (const fetcher of this.#fetchers) await fetcher.close()
  }
}

function offsetOf(log: FakeLog, spec: OffsetSpec, isolation: IsolationLevel): number {
  const end = isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark
  if (spec === 'earliest') return log.logStartOffset
  return spec === 'latest' ? end : Math.min(end, log.offsetOfTime(spec.timestampMs))
}
