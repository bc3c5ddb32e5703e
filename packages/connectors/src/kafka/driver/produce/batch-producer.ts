import { assert } from '@millrace/runtime/connector'
import type { Cluster, Lane } from '../cluster/cluster.ts'
import { closed, unknownTopicGraceMs } from '../cluster/retry.ts'
import { ConnectionLostError } from '../connection/broker-connection.ts'
import type { PartitionOffset, TransactionalIdentity } from '../kafka-driver.ts'
import { KafkaError } from '../kafka-error.ts'
import type { KafkaProducer, ProducedBatch, ProducerIdentity, ProducerOptions } from '../kafka-producer.ts'
import { brokerError, brokerErrorKind } from '../protocol/broker-errors.ts'
import { groupByTopic } from '../protocol/group-by-topic.ts'
import { type ProduceAnswer, type ProducedPartition, produceRequest } from '../protocol/produce-request.ts'
import { type Compression, checkCompression } from '../record-batch/compression.ts'
import type { RecordBatchBuilder } from '../record-batch/record-batch-builder.ts'
import { type OutgoingBatch, PartitionQueue } from './partition-queue.ts'
import { TransactionPartitions } from './transaction-partitions.ts'

const outOfOrderSequence = 45
const duplicateSequence = 46
/** Brokers keep the last five batches of a producer to know duplicates by. */
const inFlightMax = 5

interface Departure {
  readonly queue: PartitionQueue
  readonly batch: OutgoingBatch
}

/** Writes batches: a queue a partition, and requests that gather the heads of the queues of each broker. */
export class BatchProducer implements KafkaProducer {
  readonly #cluster: Cluster
  readonly #lane: Lane
  #identity: ProducerIdentity | undefined
  readonly #transaction: TransactionPartitions | undefined
  readonly #acks: -1 | 0 | 1
  readonly #compression: Compression
  readonly #deliveryTimeoutMs: number
  readonly #inFlightPerPartition: number
  readonly #pendingBytesMax: number
  readonly #requestBytesMax: number
  readonly #onClose: () => void
  readonly #queues: Map<string, PartitionQueue> = new Map<string, PartitionQueue>()
  /** Those that are not empty: a producer may know thousands, and write to few. */
  readonly #active: Set<PartitionQueue> = new Set<PartitionQueue>()
  #firstInTransaction: PartitionOffset | undefined
  #pendingBytes = 0
  #room: PromiseWithResolvers<void> | undefined
  #flushed: PromiseWithResolvers<void> | undefined
  #failure: Error | undefined
  #isFindingLeaders = false
  #isPumping = false
  #cancelTimer: (() => void) | undefined
  #isClosed = false

  constructor(cluster: Cluster, options: ProducerOptions, onClose: () => void) {
    this.#cluster = cluster
    this.#lane = `produce-${cluster.newLane()}`
    this.#onClose = onClose
    this.#identity = options.identity
    this.#acks = options.acks ?? -1
    this.#compression = options.compression ?? 'none'
    checkCompression(this.#compression)
    if (this.#identity !== undefined && this.#acks !== -1) {
      throw new KafkaError(
        'INVALID_OPTION',
        `Cannot use acks ${this.#acks} with an idempotent producer: it must be -1 (all).`,
        {
          option: 'acks',
          value: this.#acks,
        },
      )
    }
    this.#deliveryTimeoutMs = options.deliveryTimeoutMs ?? 120_000
    const inFlight = options.inFlightPerPartition ?? inFlightMax
    this.#inFlightPerPartition = this.#identity === undefined ? 1 : Math.min(inFlight, inFlightMax)
    this.#pendingBytesMax = options.pendingBytesMax ?? 32 * 1024 * 1024
    this.#requestBytesMax = options.requestBytesMax ?? 1024 * 1024
    const transactionalId = this.#identity?.transactionalId
    if (transactionalId !== undefined) {
      const identity = { ...this.#identity!, transactionalId }
      this.#transaction = new TransactionPartitions(cluster, identity, {
        added: () => this.#pump(),
        failed: (error) => this.#fail(error, undefined),
      })
    }
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  get firstInTransaction(): PartitionOffset | undefined {
    return this.#firstInTransaction
  }

  get isTransactionEmpty(): boolean {
    return this.#transaction?.isEmpty ?? true
  }

  send(topic: string, partition: number, builder: RecordBatchBuilder): Promise<ProducedBatch> {
    if (this.#isClosed) return Promise.reject(closed(`write to topic "${topic}", partition ${partition}`))
    if (this.#failure !== undefined) return Promise.reject(failedEarlier(topic, partition, this.#failure))
    const queue = this.#queueOf(topic, partition)
    const recordCount = builder.recordCount
    const baseSequence = this.#identity === undefined ? -1 : queue.takeSequence(recordCount)
    const bytes = builder.seal({
      compression: this.#compression,
      producerId: this.#identity?.producerId ?? -1,
      epoch: this.#identity?.epoch ?? -1,
      baseSequence,
      isTransactional: this.#transaction !== undefined,
    })
    const sizeBytes = builder.sizeBytes
    const deadlineMs = this.#cluster.context.clock.monotonicMs() + this.#deliveryTimeoutMs
    const { promise, resolve, reject } = Promise.withResolvers<ProducedBatch>()
    // Who only waits for `flush` learns of the failure there.
    promise.catch(() => {})
    queue.waiting.push({ bytes, sizeBytes, recordCount, baseSequence, deadlineMs, resolve, reject, isSettled: false })
    this.#active.add(queue)
    this.#pendingBytes += sizeBytes
    this.#transaction?.add(queue)
    this.#pump()
    return promise
  }

  whenRoom(): Promise<void> | undefined {
    if (this.#pendingBytes < this.#pendingBytesMax || this.#failure !== undefined) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#active.size === 0) return
    this.#flushed ??= Promise.withResolvers()
    await this.#flushed.promise
    // Set while we waited.
    const failure = this.failure
    if (failure !== undefined) throw failure
  }

  beginTransaction(identity?: TransactionalIdentity): void {
    assert(this.#transaction !== undefined, () => 'a producer without transactional id was to begin a transaction')
    assert(
      this.#active.size === 0,
      () => 'a transaction was to begin before the batches of the last one were acknowledged',
    )
    this.#firstInTransaction = undefined
    this.#transaction.begin(identity)
    if (identity === undefined) return
    this.#identity = identity
    // Sequence numbers count on within an epoch of an id.
    this.#queues.clear()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cluster.closeLane(this.#lane)
    this.#transaction?.close()
    this.#fail(closed('write to Kafka'), undefined)
    this.#onClose()
  }

  #queueOf(topic: string, partition: number): PartitionQueue {
    const key = `${topic}-${partition}`
    let queue = this.#queues.get(key)
    if (queue === undefined) {
      queue = new PartitionQueue(topic, partition)
      this.#queues.set(key, queue)
    }
    return queue
  }

  /** In the same turn more batches may come: they leave in one request. */
  #pump(): void {
    if (this.#isPumping || this.#failure !== undefined) return
    this.#isPumping = true
    queueMicrotask(() => {
      this.#isPumping = false
      // One time for both: what is a moment too early to leave must not be too late to be waited for.
      const now = this.#cluster.context.clock.monotonicMs()
      while (this.#depart(now)) {}
      this.#setTimer(now)
    })
  }

  /** Sends one request to each broker for which there is something; false if there was nothing. */
  #depart(now: number): boolean {
    if (this.#failure !== undefined) return false
    const byNode = new Map<number, { readonly departures: Departure[]; bytes: number }>()
    let leaderless = false
    for (const queue of this.#active) {
      const batch = queue.head(this.#inFlightPerPartition, now)
      if (batch === undefined || this.#transaction?.has(queue) === false) continue
      const leader = this.#cluster.leaders.get(queue)
      if (leader === undefined) {
        leaderless = true
        continue
      }
      const request = byNode.get(leader.nodeId) ?? { departures: [], bytes: 0 }
      byNode.set(leader.nodeId, request)
      if (request.bytes > 0 && request.bytes + batch.bytes.length > this.#requestBytesMax) continue
      request.bytes += batch.bytes.length
      request.departures.push({ queue, batch })
    }
    for (const [nodeId, { departures }] of byNode) {
      for (const { queue, batch } of departures) queue.depart(batch)
      void this.#request(nodeId, departures)
    }
    if (leaderless) void this.#findLeaders()
    return byNode.size > 0
  }

  async #request(nodeId: number, departures: readonly Departure[]): Promise<void> {
    const byTopic = groupByTopic(
      departures.map(({ queue: { topic, partition }, batch: { bytes } }) => ({ topic, partition, bytes })),
    )
    const request = produceRequest(byTopic, {
      transactionalId: this.#identity?.transactionalId,
      acks: this.#acks,
      timeoutMs: this.#cluster.settings.requestTimeoutMs,
    })
    try {
      const answer: ProduceAnswer | undefined = await this.#cluster.send(nodeId, this.#lane, request)
      for (const departure of departures) {
        if (this.#acks === 0) this.#arrived(departure, -1)
        else this.#answered(departure, answer)
      }
    } catch (error) {
      for (const departure of departures) this.#lost(departure, error as Error)
    }
    this.#pump()
  }

  #answered(departure: Departure, answer: ProduceAnswer): void {
    const { queue, batch } = departure
    const { topic, partition } = queue
    const produced = partitionOf(answer, topic, partition)
    if (produced === undefined) {
      this.#lost(departure, new ConnectionLostError('of the leader', 'the answer does not name the partition'))
      return
    }
    const { error, baseOffset, errorMessage } = produced
    // A batch that had arrived before: its acknowledgement was lost.
    if (error === 0 || error === duplicateSequence) {
      this.#arrived(departure, baseOffset)
      return
    }
    const attempt = `Cannot write ${batch.recordCount} records (${batch.bytes.length} bytes) to topic "${topic}", partition ${partition}`
    const { transactionalId, producerId, epoch } = this.#identity ?? {}
    const identity = producerId === undefined ? {} : { transactionalId, producerId, epoch }
    const reason = brokerError(attempt, error, { topic, partition, ...identity }, errorMessage)
    const isAfterFailure = error === outOfOrderSequence && (queue.isGoingBack || queue.underWay[0] !== batch)
    if (isAfterFailure || brokerErrorKind(error).remedy !== 'give-up') this.#lost(departure, reason)
    else this.#fail(reason, batch)
  }

  #arrived({ queue, batch }: Departure, baseOffset: number): void {
    queue.arrived(batch)
    if (batch.isSettled) return
    batch.isSettled = true
    if (this.#transaction !== undefined && baseOffset >= 0) {
      const { topic, partition } = queue
      this.#firstInTransaction ??= { topic, partition, offset: baseOffset }
    }
    batch.resolve({ baseOffset })
    this.#settled(queue, batch)
  }

  #lost({ queue, batch }: Departure, error: Error): void {
    if (this.#failure !== undefined) return
    const isFinal = error instanceof KafkaError && typeof error.facts.brokerErrorNumber !== 'number'
    if (isFinal || !(error instanceof KafkaError || error instanceof ConnectionLostError)) {
      this.#fail(error, batch)
      return
    }
    const number = error instanceof KafkaError ? error.facts.brokerErrorNumber : undefined
    if (typeof number !== 'number' || brokerErrorKind(number).remedy === 'find-leader')
      this.#cluster.leaders.forget(queue)
    if (this.#isUnknownForLong(queue, error)) {
      this.#fail(error, batch)
      return
    }
    const now = this.#cluster.context.clock.monotonicMs()
    queue.failed(now + this.#cluster.retrier.backoffMs(queue.failures), error)
  }

  /** A topic that is not there will not come by waiting for the whole delivery timeout. */
  #isUnknownForLong(queue: PartitionQueue, error: Error): boolean {
    const now = this.#cluster.context.clock.monotonicMs()
    queue.failingSinceMs ??= now
    return (
      error instanceof KafkaError && error.code === 'UNKNOWN_TOPIC' && now - queue.failingSinceMs > unknownTopicGraceMs
    )
  }

  #settled(queue: PartitionQueue, batch: OutgoingBatch): void {
    this.#pendingBytes -= batch.sizeBytes
    if (queue.isEmpty) this.#active.delete(queue)
    if (this.#room !== undefined && this.#pendingBytes <= this.#pendingBytesMax / 2) {
      this.#room.resolve()
      this.#room = undefined
    }
    if (this.#active.size === 0) {
      this.#flushed?.resolve()
      this.#flushed = undefined
    }
  }

  /** Ends it all: `culprit` is rejected with `error` itself. */
  #fail(error: Error, culprit: OutgoingBatch | undefined): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#cancelTimer?.()
    for (const queue of this.#active) {
      for (const batch of [...queue.underWay, ...queue.waiting]) {
        if (batch.isSettled) continue
        batch.isSettled = true
        const isCulprit = batch === culprit || culprit === undefined
        batch.reject(isCulprit ? error : failedEarlier(queue.topic, queue.partition, error))
      }
    }
    this.#active.clear()
    this.#pendingBytes = 0
    this.#room?.resolve()
    this.#room = undefined
    this.#flushed?.resolve()
    this.#flushed = undefined
  }

  async #findLeaders(): Promise<void> {
    if (this.#isFindingLeaders) return
    this.#isFindingLeaders = true
    const queues = [...this.#active].filter((queue) => this.#cluster.leaders.get(queue) === undefined)
    try {
      const { topics } = await this.#cluster.fetchMetadata([...new Set(queues.map(({ topic }) => topic))])
      for (const queue of queues) {
        if (this.#cluster.leaders.get(queue) !== undefined) continue
        const error = topics.find(({ topic }) => topic === queue.topic)?.error ?? 0
        const reason = this.#cluster.noLeader(queue, error)
        if (reason instanceof KafkaError) this.#fail(reason, queue.waiting[0])
        else this.#postpone(queue, reason.reason)
      }
    } catch (error) {
      if (error instanceof KafkaError) this.#fail(error, undefined)
      else for (const queue of queues) this.#postpone(queue, error as Error)
    } finally {
      this.#isFindingLeaders = false
    }
    this.#pump()
  }

  #postpone(queue: PartitionQueue, reason: Error): void {
    if (this.#isUnknownForLong(queue, reason)) {
      this.#fail(reason, queue.waiting[0])
      return
    }
    queue.lastFailure = reason
    queue.notBeforeMs = this.#cluster.context.clock.monotonicMs() + this.#cluster.retrier.backoffMs(queue.failures++)
  }

  /** To the next moment at which something waits to be tried again, or is over its time. */
  #setTimer(now: number): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#failure !== undefined) return
    let atMs = Number.POSITIVE_INFINITY
    for (const queue of this.#active) {
      const oldest = queue.underWay[0] ?? queue.waiting[0]
      if (oldest === undefined) continue
      if (oldest.deadlineMs <= now) {
        this.#fail(deliveryTimedOut(queue, oldest, this.#deliveryTimeoutMs), oldest)
        return
      }
      atMs = Math.min(atMs, oldest.deadlineMs)
      if (queue.notBeforeMs > now) atMs = Math.min(atMs, queue.notBeforeMs)
    }
    if (atMs < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#cluster.context.clock.schedule(atMs - now, () => this.#pump())
    }
  }
}

function partitionOf(answer: ProduceAnswer, topic: string, partition: number): ProducedPartition | undefined {
  return answer.find((each) => each.topic === topic)?.partitions.find((each) => each.partition === partition)
}

function failedEarlier(topic: string, partition: number, cause: Error): KafkaError {
  if (cause instanceof KafkaError && cause.code === 'CLOSED') return cause
  return new KafkaError(
    'PRODUCER_FAILED',
    `Cannot write to topic "${topic}", partition ${partition}: an earlier batch of this producer failed. ${cause.message}`,
    { topic, partition },
    { cause },
  )
}

function deliveryTimedOut(
  { topic, partition, lastFailure }: PartitionQueue,
  batch: OutgoingBatch,
  timeoutMs: number,
): KafkaError {
  const { brokerError } = lastFailure instanceof KafkaError ? lastFailure.facts : {}
  const why = lastFailure === undefined ? 'the broker has not answered' : lastFailure.message
  return new KafkaError(
    'DELIVERY_TIMED_OUT',
    `Cannot write ${batch.recordCount} records to topic "${topic}", partition ${partition}: not acknowledged within the delivery ` +
      `timeout of ${timeoutMs} ms. At last: ${why}`,
    { topic, partition, timeoutMs, brokerError },
    lastFailure === undefined ? undefined : { cause: lastFailure },
  )
}
