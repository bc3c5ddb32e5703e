import { assert } from '@millrace/runtime/connector'
import { Cluster } from './cluster/cluster.ts'
import { ClusterAdmin } from './cluster/cluster-admin.ts'
import { askLeaders } from './cluster/leader-requests.ts'
import { RetriableError } from './cluster/retry.ts'
import { findMatchingTopics, findTopics } from './cluster/topics.ts'
import type { ConnectBroker, ConnectionSettings } from './connection/broker-connection.ts'
import type { KafkaDriverContext } from './connection-options.ts'
import { PartitionFetcher } from './fetch/partition-fetcher.ts'
import type { KafkaAdmin } from './kafka-admin.ts'
import type {
  KafkaDriver,
  OffsetSpec,
  PartitionOffset,
  TopicMetadata,
  TopicPartition,
  TransactionalIdentity,
  TransactionDescription,
  TransactionListing,
  TransactionState,
} from './kafka-driver.ts'
import type { FetcherOptions, IsolationLevel, KafkaFetcher, PartitionAssignment } from './kafka-fetcher.ts'
import type { KafkaProducer, ProducerIdentity, ProducerOptions } from './kafka-producer.ts'
import { partitionKey } from './partition-key.ts'
import { BatchProducer } from './produce/batch-producer.ts'
import { brokerError, brokerErrorKind } from './protocol/broker-errors.ts'
import { type ByTopic, groupByTopic } from './protocol/group-by-topic.ts'
import {
  earliestTimestamp,
  latestTimestamp,
  listOffsetsRequest,
  offsetCommitRequest,
  offsetFetchRequest,
} from './protocol/offset-requests.ts'
import {
  describeTransactionsRequest,
  endTransactionRequest,
  initProducerIdRequest,
  listTransactionsRequest,
} from './protocol/transaction-requests.ts'

const transactionalIdNotFound = 105
/** Brokers refuse more than their `transaction.max.timeout.ms`, 15 min unless set. */
const defaultTransactionTimeoutMs = 60_000

/** A driver of our own requests and fetch loops, on connections that `connect` makes. */
export class ProtocolDriver implements KafkaDriver {
  readonly admin: KafkaAdmin
  readonly #cluster: Cluster
  readonly #parts: Set<{ close(): Promise<void> }> = new Set<{ close(): Promise<void> }>()

  constructor(settings: ConnectionSettings, context: KafkaDriverContext, connect: ConnectBroker) {
    this.#cluster = new Cluster(settings, context, connect)
    this.admin = new ClusterAdmin(this.#cluster)
  }

  async connect(): Promise<void> {
    const bootstrapServers = this.#cluster.settings.bootstrapServers
    const what = `connect to Kafka at ${bootstrapServers.join(', ')}`
    await this.#cluster.retrier.run(what, { bootstrapServers }, () => this.#cluster.fetchMetadata([]))
  }

  topics(names: readonly string[]): Promise<readonly TopicMetadata[]> {
    return findTopics(this.#cluster, names)
  }

  topicsMatching(pattern: RegExp): Promise<readonly TopicMetadata[]> {
    return findMatchingTopics(this.#cluster, pattern)
  }

  async listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolation: IsolationLevel = 'read_committed',
  ): Promise<readonly PartitionOffset[]> {
    const timestamp =
      spec === 'earliest' ? earliestTimestamp : spec === 'latest' ? latestTimestamp : Math.max(spec.timestampMs, 0)
    const what = `look up ${typeof spec === 'string' ? `the ${spec} offsets` : `the offsets for time ${spec.timestampMs}`}`
    const answers = await askLeaders(this.#cluster, what, partitions, (byTopic) =>
      listOffsetsRequest(numbersOf(byTopic), timestamp, isolation === 'read_committed'),
    )
    const offsets = answers.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    // -1 for a time after the last record.
    const later = offsets.filter(({ offset }) => offset < 0)
    if (later.length === 0 || spec === 'latest') return offsets
    const ends = await this.listOffsets(later, 'latest', isolation)
    return offsets.map((each) => (each.offset < 0 ? ends[later.indexOf(each)]! : each))
  }

  async fetchCommittedOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly PartitionOffset[]> {
    if (partitions.length === 0) return []
    const { offsets } = await this.#cluster.sendToCoordinator(
      'group',
      groupId,
      `read the committed offsets of group "${groupId}"`,
      { groupId },
      offsetFetchRequest(groupId, numbersOf(groupByTopic(partitions))),
      ({ error, offsets }) => error || (offsets.find((each) => each.error !== 0)?.error ?? 0),
    )
    const byKey = new Map(offsets.map((each) => [partitionKey(each), each.offset]))
    return partitions.flatMap((each) => {
      const offset = byKey.get(partitionKey(each)) ?? -1
      return offset < 0 ? [] : [{ topic: each.topic, partition: each.partition, offset }]
    })
  }

  async commitOffsets(groupId: string, offsets: readonly PartitionOffset[]): Promise<void> {
    if (offsets.length === 0) return
    await this.#cluster.sendToCoordinator(
      'group',
      groupId,
      `commit offsets of group "${groupId}"`,
      { groupId },
      offsetCommitRequest(groupId, groupByTopic(offsets)),
      (answers) => answers.find(({ error }) => error !== 0)?.error ?? 0,
    )
  }

  createFetcher<A extends PartitionAssignment>(options: FetcherOptions = {}): KafkaFetcher<A> {
    const fetcher: PartitionFetcher<A> = new PartitionFetcher<A>(this.#cluster, options, () =>
      this.#parts.delete(fetcher),
    )
    this.#parts.add(fetcher)
    return fetcher
  }

  createProducer(options: ProducerOptions = {}): KafkaProducer {
    const producer: BatchProducer = new BatchProducer(this.#cluster, options, () => this.#parts.delete(producer))
    this.#parts.add(producer)
    return producer
  }

  async initProducerId(
    transactionalId?: string,
    transactionTimeoutMs: number = defaultTransactionTimeoutMs,
  ): Promise<ProducerIdentity> {
    const request = initProducerIdRequest(transactionalId, transactionTimeoutMs)
    if (transactionalId !== undefined) {
      const { producerId, epoch } = await this.#cluster.sendToCoordinator(
        'transaction',
        transactionalId,
        `take over transactional id "${transactionalId}" with a timeout of ${transactionTimeoutMs} ms`,
        { transactionalId, transactionTimeoutMs },
        request,
        ({ error }) => error,
      )
      return { transactionalId, producerId, epoch }
    }
    const what = 'get a producer id'
    return this.#cluster.retrier.run(what, {}, async () => {
      const { error, producerId, epoch } = await this.#cluster.sendToAny(request)
      if (error !== 0) throw attemptError(what, error, {})
      return { producerId, epoch }
    })
  }

  async endTransaction(identity: TransactionalIdentity, outcome: 'commit' | 'abort'): Promise<void> {
    const { transactionalId, producerId, epoch } = identity
    await this.#cluster.sendToCoordinator(
      'transaction',
      transactionalId,
      `${outcome} the transaction of "${transactionalId}" (producer ${producerId}, epoch ${epoch})`,
      { transactionalId, producerId, epoch },
      endTransactionRequest(identity, outcome),
      ({ error }) => error,
    )
  }

  async listTransactions(prefix: string): Promise<readonly TransactionListing[]> {
    const what = `list the transactions of "${prefix}"`
    const answers = await this.#cluster.retrier.run(what, { prefix }, async () => {
      // Each broker knows those that it coordinates.
      const { brokers } = await this.#cluster.fetchMetadata([])
      return Promise.all(
        brokers.map(async ({ nodeId }) => {
          const { error, transactions } = await this.#cluster.send(nodeId, 'control', listTransactionsRequest())
          if (error !== 0) throw attemptError(what, error, { prefix })
          return transactions
        }),
      )
    })
    return answers
      .flat()
      .filter(({ transactionalId, state }) => transactionalId.startsWith(prefix) && state !== 'Empty')
      .map(({ transactionalId, producerId, state }) => ({ transactionalId, producerId, state: stateOf(state) }))
  }

  async describeTransactions(transactionalIds: readonly string[]): Promise<readonly TransactionDescription[]> {
    const described: TransactionDescription[] = []
    for (const transactionalId of transactionalIds) {
      const [answer] = await this.#cluster.sendToCoordinator(
        'transaction',
        transactionalId,
        `describe the transaction of "${transactionalId}"`,
        { transactionalId },
        describeTransactionsRequest([transactionalId]),
        ([each]) => (each === undefined || each.error === transactionalIdNotFound ? 0 : each.error),
      )
      assert(answer !== undefined, () => `a broker left out "${transactionalId}" of its answer`)
      if (answer.error === transactionalIdNotFound) continue
      const { producerId, epoch, timeoutMs, partitions } = answer
      const startedAtMs = answer.startedAtMs < 0 ? undefined : answer.startedAtMs
      described.push({
        transactionalId,
        producerId,
        epoch,
        state: stateOf(answer.state),
        timeoutMs,
        startedAtMs,
        partitions,
      })
    }
    return described
  }

  async close(): Promise<void> {
    await Promise.all([...this.#parts].map((part) => part.close()))
    this.#cluster.close()
  }
}

function attemptError(what: string, error: number, facts: Readonly<Record<string, unknown>>): Error {
  const reason = brokerError(`Cannot ${what}`, error, facts)
  return brokerErrorKind(error).remedy === 'give-up' ? reason : new RetriableError(reason)
}

function numbersOf(byTopic: ByTopic<TopicPartition>): ByTopic<number> {
  return byTopic.map(([topic, partitions]) => [topic, partitions.map(({ partition }) => partition)])
}

const states: readonly TransactionState[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
]

function stateOf(state: string): TransactionState {
  return states.find((each) => each === state) ?? 'Unknown'
}
