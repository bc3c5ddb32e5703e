import { assert } from '@millrace/runtime/connector'
import type { KafkaConnectionOptions } from '../driver/connection-options.ts'
import type { KafkaAdmin } from '../driver/kafka-admin.ts'
import type {
  KafkaDriver,
  KafkaDriverFactory,
  PartitionOffset,
  TopicMetadata,
  TopicPartition,
} from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { IsolationLevel } from '../driver/kafka-fetcher.ts'
import type { ProducerIdentity } from '../driver/kafka-producer.ts'
import { FakeDriver } from './fake-driver.ts'
import { FakeLog, type FakeRecord } from './fake-log.ts'
import { FakeTransactions } from './fake-transactions.ts'

/** What a test writes: a value, or a record in parts. */
export type FakeInput =
  | string
  | {
      readonly key?: string | Buffer | null
      readonly value: string | Buffer | null
      readonly timestampMs?: number
      readonly headers?: Readonly<Record<string, string>>
    }

/** The operations of drivers that `failNext` can make fail. */
export type FakeOperation =
  | 'connect'
  | 'topics'
  | 'listOffsets'
  | 'fetchCommittedOffsets'
  | 'commitOffsets'
  | 'produce'
  | 'initProducerId'
  | 'endTransaction'
  | 'listTransactions'

/**
 * A Kafka cluster in memory, for unit tests: topics, partitions, groups' offsets, transactions. All drivers it makes share it,
 * as all clients share a cluster; time stands still unless `nowMs` is set.
 *
 *     const kafka = new FakeKafka()
 *     kafka.createTopic('orders', 2)
 *     kafka.write('orders', 0, 'a', 'b')
 *     const source = new KafkaSource({ ..., driver: kafka.driver })
 */
export class FakeKafka {
  nowMs = 1_700_000_000_000
  /** All that are open. */
  readonly fetchers: Set<{ wake(): void }> = new Set<{ wake(): void }>()
  readonly transactions: FakeTransactions = new FakeTransactions(this)
  /** The options of every driver that was made. */
  readonly connections: KafkaConnectionOptions[] = []
  /** Drivers that were made and are not closed. */
  openDrivers = 0
  readonly #topics = new Map<string, FakeLog[]>()
  readonly #committed = new Map<string, Map<string, PartitionOffset>>()
  readonly #failures = new Map<FakeOperation, Error[]>()
  readonly #fetchFailures = new Map<string, KafkaError>()

  /** To be handed to sources and sinks in the place of the real one. */
  readonly driver: KafkaDriverFactory = (options): KafkaDriver => {
    this.connections.push(options)
    this.openDrivers++
    return new FakeDriver(this)
  }

  createTopic(topic: string, partitions = 1): void {
    assert(!this.#topics.has(topic), () => `topic "${topic}" was created twice`)
    this.#topics.set(topic, [])
    this.growTopic(topic, partitions)
  }

  growTopic(topic: string, partitions: number): void {
    const logs = this.#topics.get(topic)
    assert(logs !== undefined, () => `there is no topic "${topic}"`)
    while (logs.length < partitions) logs.push(new FakeLog(topic, logs.length))
    this.wake()
  }

  deleteTopic(topic: string): void {
    this.#topics.delete(topic)
    this.wake()
  }

  /** Appends records outside of transactions. Answers the offset of the first. */
  write(topic: string, partition: number, ...records: readonly FakeInput[]): number {
    const log = this.logOf(topic, partition)
    const offset = log.highWatermark
    for (const input of records) {
      const record = typeof input === 'string' ? { value: input } : input
      log.append({
        timestampMs: record.timestampMs ?? this.nowMs,
        key: bytesOf(record.key ?? null),
        value: bytesOf(record.value),
        headers: Object.entries(record.headers ?? {}).map(([key, value]) => ({ key, value: Buffer.from(value) })),
      })
    }
    this.wake()
    return offset
  }

  /** What a reader sees of one partition, or of all, one after the other. */
  records(topic: string, partition?: number, isolation: IsolationLevel = 'read_committed'): readonly FakeRecord[] {
    const logs = partition === undefined ? (this.#topics.get(topic) ?? []) : [this.logOf(topic, partition)]
    return logs.flatMap((log) => log.records(isolation))
  }

  /** The values as text, of what `records` answers. */
  values(topic: string, partition?: number, isolation: IsolationLevel = 'read_committed'): readonly (string | null)[] {
    return this.records(topic, partition, isolation).map(({ value }) => value?.toString() ?? null)
  }

  /** `{ 'orders-0': 5 }` */
  committedOffsets(groupId: string): Readonly<Record<string, number>> {
    const offsets = [...(this.#committed.get(groupId)?.values() ?? [])]
    return Object.fromEntries(offsets.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]))
  }

  commitOffsets(groupId: string, offsets: readonly PartitionOffset[]): void {
    const group = this.#committed.get(groupId) ?? new Map<string, PartitionOffset>()
    this.#committed.set(groupId, group)
    for (const offset of offsets) group.set(`${offset.topic}-${offset.partition}`, offset)
  }

  committedOffset(groupId: string, { topic, partition }: TopicPartition): PartitionOffset | undefined {
    return this.#committed.get(groupId)?.get(`${topic}-${partition}`)
  }

  /** The next operation of that kind, of any driver, rejects with `error`; called again, the one after it too. */
  failNext(operation: FakeOperation, error: Error): void {
    this.#failures.set(operation, [...(this.#failures.get(operation) ?? []), error])
  }

  /** Fetchers throw `error` for that partition, once. */
  failFetch(partition: TopicPartition, error: KafkaError): void {
    this.#fetchFailures.set(`${partition.topic}-${partition.partition}`, error)
    this.wake()
  }

  hasFetchFailure({ topic, partition }: TopicPartition): boolean {
    return this.#fetchFailures.has(`${topic}-${partition}`)
  }

  takeFetchFailure({ topic, partition }: TopicPartition): KafkaError | undefined {
    const error = this.#fetchFailures.get(`${topic}-${partition}`)
    this.#fetchFailures.delete(`${topic}-${partition}`)
    return error
  }

  /** Throws what `failNext` was told. */
  attempt(operation: FakeOperation): void {
    const error = this.#failures.get(operation)?.shift()
    if (error !== undefined) throw error
  }

  produce(topic: string, partition: number, bytes: Buffer, identity: ProducerIdentity | undefined): number {
    this.attempt('produce')
    const log = this.logOf(topic, partition)
    const offset = log.appendBatch(bytes, this.transactions.of(identity))
    this.wake()
    return offset
  }

  log(topic: string, partition: number): FakeLog | undefined {
    return this.#topics.get(topic)?.[partition]
  }

  logOf(topic: string, partition: number): FakeLog {
    const log = this.log(topic, partition)
    if (log !== undefined) return log
    throw new KafkaError('UNKNOWN_TOPIC', `There is no topic "${topic}" with a partition ${partition}`, {
      topic,
      partition,
    })
  }

  allLogs(): readonly FakeLog[] {
    return [...this.#topics.values()].flat()
  }

  metadata(): readonly TopicMetadata[] {
    return [...this.#topics].map(([topic, logs]) => ({
      topic,
      partitions: logs.map(({ partition }) => ({ partition, leader: 1, replicas: [1] })),
      isInternal: topic.startsWith('__'),
    }))
  }

  /** Tells all fetchers that something has changed. */
  wake(): void {
    for (const fetcher of this.fetchers) fetcher.wake()
  }

  readonly admin: KafkaAdmin = {
    brokers: async () => [{ nodeId: 1, host: 'fake', port: 9092 }],
    createTopics: async (topics) => {
      for (const { topic, partitions } of topics) {
        if (this.#topics.has(topic)) throw new KafkaError('TOPIC_EXISTS', `There is a topic "${topic}"`, { topic })
        this.createTopic(topic, partitions)
      }
    },
    deleteTopics: async (topics) => topics.forEach((topic) => this.deleteTopic(topic)),
    createPartitions: async (topic, count) => this.growTopic(topic, count),
    describeConfigs: async () => new Map([['transaction.max.timeout.ms', '900000']]),
    deleteRecords: async (offsets) => {
      for (const { topic, partition, offset } of offsets) this.logOf(topic, partition).deleteBefore(offset)
      this.wake()
    },
  }
}

function bytesOf(content: string | Buffer | null): Buffer | null {
  return typeof content === 'string' ? Buffer.from(content) : content
}
