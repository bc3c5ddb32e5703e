import { assert } from '@millrace/runtime/connector'
import type { Cluster, Lane } from '../cluster/cluster.ts'
import { addressOf, gaveUp, longWaitMs, unknownTopicGraceMs } from '../cluster/retry.ts'
import { ConnectionLostError } from '../connection/broker-connection.ts'
import type { FetchedRecord } from '../fetched-record.ts'
import type { PartitionOffset, TopicPartition } from '../kafka-driver.ts'
import { KafkaError } from '../kafka-error.ts'
import type { FetcherOptions, KafkaFetcher, PartitionAssignment, PartitionProgress } from '../kafka-fetcher.ts'
import { brokerError, brokerErrorKind } from '../protocol/broker-errors.ts'
import { type FetchAnswer, type FetchedPartition, type FetchOptions, fetchRequest } from '../protocol/fetch-request.ts'
import { groupByTopic } from '../protocol/group-by-topic.ts'
import { PartitionFetch } from './partition-fetch.ts'

/** Chunks of a partition that are fetched ahead: one is read while the other is under way. */
const chunksAhead = 2
/** How long a broker may wait for records while other partitions of it have some: they must not wait for these. */
const shortWaitMs = 10

interface Asked<A extends PartitionAssignment> {
  readonly state: PartitionFetch<A>
  readonly generation: number
}

/** The fetch loop: one request under way to each broker, for all its partitions that have room. */
export class PartitionFetcher<A extends PartitionAssignment> implements KafkaFetcher<A> {
  readonly #cluster: Cluster
  readonly #lane: Lane
  readonly #options: Required<FetcherOptions>
  readonly #fetchOptions: FetchOptions
  readonly #onClose: () => void
  readonly #partitions: Map<string, PartitionFetch<A>> = new Map<string, PartitionFetch<A>>()
  /** Those that have records and are not paused, in the order in which they got them. */
  #ready: PartitionFetch<A>[] = []
  #current: PartitionFetch<A> | undefined
  #failed: PartitionFetch<A>[] = []
  #ended: A[] = []
  readonly #busyNodes: Set<number> = new Set<number>()
  #isFindingLeaders = false
  #cancelTimer: (() => void) | undefined
  #wakeUp: PromiseWithResolvers<void> | undefined
  #isClosed = false
  #nextNoticeMs = 0
  /** Brokers fill answers in the order of the request, so it begins elsewhere each time. */
  #turn = 0

  constructor(cluster: Cluster, options: FetcherOptions, onClose: () => void) {
    this.#cluster = cluster
    this.#lane = `fetch-${cluster.newLane()}`
    this.#onClose = onClose
    this.#options = {
      isolation: options.isolation ?? 'read_committed',
      prefetchBytesMax: options.prefetchBytesMax ?? 16 * 1024 * 1024,
      fetchBytesMax: options.fetchBytesMax ?? 8 * 1024 * 1024,
      partitionBytesMax: options.partitionBytesMax ?? 1024 * 1024,
      fetchBytesMin: options.fetchBytesMin ?? 1,
      fetchWaitMs: options.fetchWaitMs ?? 500,
      rackId: options.rackId ?? '',
    }
    this.#fetchOptions = {
      isReadCommitted: this.#options.isolation === 'read_committed',
      waitMs: this.#options.fetchWaitMs,
      bytesMin: this.#options.fetchBytesMin,
      bytesMax: this.#options.fetchBytesMax,
      partitionBytesMax: this.#options.partitionBytesMax,
      rackId: this.#options.rackId,
    }
  }

  get bufferedBytes(): number {
    let sum = 0
    for (const state of this.#partitions.values()) sum += state.bufferedBytes
    return sum
  }

  assign(assignments: readonly A[]): void {
    for (const assignment of assignments) {
      const key = keyOf(assignment)
      assert(!this.#partitions.has(key), () => `partition ${key} was assigned twice to a fetcher`)
      const state = new PartitionFetch(assignment, this.#fetchOptions.isReadCommitted)
      if (state.isAtStop) this.#ended.push(assignment)
      else this.#partitions.set(key, state)
    }
    this.#fetch()
    this.#wake()
  }

  unassign(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.#partitions.get(keyOf(partition))
      if (state !== undefined) this.#forget(state)
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.#partitions.get(keyOf(partition))
      if (state === undefined || state.isPaused) continue
      state.isPaused = true
      this.#unqueue(state)
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const state = this.#partitions.get(keyOf(partition))
      if (state === undefined || !state.isPaused) continue
      state.isPaused = false
      this.#queue(state)
    }
    this.#fetch()
  }

  seek(position: PartitionOffset): void {
    const state = this.#partitions.get(keyOf(position))
    assert(state !== undefined, () => `partition ${keyOf(position)} is not assigned to the fetcher that seeks in it`)
    this.#unqueue(state)
    this.#failed = this.#failed.filter((each) => each !== state)
    state.jumpTo(position.offset)
    if (state.isAtStop) this.#end(state)
    this.#fetch()
    this.#wake()
  }

  next(): FetchedRecord<A> | undefined {
    for (;;) {
      const current = this.#current
      if (current === undefined) {
        if (this.#failed.length > 0) throw this.#takeError()
        const state = this.#ready.shift()
        if (state === undefined) return undefined
        state.isQueued = false
        this.#current = state
        continue
      }
      let hasRecord: boolean
      try {
        hasRecord = current.advance()
      } catch (error) {
        this.#current = undefined
        current.fail(error as Error)
        current.error = undefined
        throw error
      }
      if (hasRecord) return current.cursor
      this.#current = undefined
      if (current.isAtStop) this.#end(current)
      // There is room again. While a request is under way, it goes on with its answer.
      this.#fetch()
    }
  }

  takeEnded(): readonly A[] {
    if (this.#ended.length === 0) return []
    const ended = this.#ended
    this.#ended = []
    return ended
  }

  async available(): Promise<void> {
    if (this.#hasNews()) return
    this.#wakeUp ??= Promise.withResolvers()
    await this.#wakeUp.promise
  }

  progress(partition: TopicPartition): PartitionProgress | undefined {
    return this.#partitions.get(keyOf(partition))?.progress
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#cluster.closeLane(this.#lane)
    for (const state of this.#partitions.values()) state.drop()
    this.#partitions.clear()
    this.#ready = []
    this.#current = undefined
    this.#wake()
    this.#onClose()
  }

  #hasNews(): boolean {
    return (
      this.#isClosed ||
      this.#current !== undefined ||
      this.#ready.length > 0 ||
      this.#failed.length > 0 ||
      this.#ended.length > 0
    )
  }

  #wake(): void {
    this.#wakeUp?.resolve()
    this.#wakeUp = undefined
  }

  #queue(state: PartitionFetch<A>): void {
    if (state.isQueued || state.isPaused || !state.hasRecords || state === this.#current) return
    state.isQueued = true
    this.#ready.push(state)
    this.#wake()
  }

  #unqueue(state: PartitionFetch<A>): void {
    if (this.#current === state) this.#current = undefined
    if (!state.isQueued) return
    state.isQueued = false
    this.#ready = this.#ready.filter((each) => each !== state)
  }

  #forget(state: PartitionFetch<A>): void {
    this.#unqueue(state)
    this.#failed = this.#failed.filter((each) => each !== state)
    state.drop()
    this.#partitions.delete(keyOf(state))
  }

  #end(state: PartitionFetch<A>): void {
    this.#forget(state)
    this.#ended.push(state.assignment)
    this.#wake()
  }

  #takeError(): Error {
    const error = this.#failed.shift()!.error!
    return error
  }

  /** Sends what can be sent now. */
  #fetch(): void {
    if (this.#isClosed) return
    const now = this.#cluster.context.clock.monotonicMs()
    const hasRoom = this.bufferedBytes < this.#options.prefetchBytesMax
    const byNode = new Map<number, PartitionFetch<A>[]>()
    const nodesWithOthers = new Set<number>()
    let leaderless = false
    let laterMs = Number.POSITIVE_INFINITY
    for (const state of this.#partitions.values()) {
      if (state.isResting || state.isFetched || state.isUnderWay) continue
      if (state.notBeforeMs > now) {
        laterMs = Math.min(laterMs, state.notBeforeMs - now)
        continue
      }
      const leader = this.#cluster.leaders.get(state)
      if (leader === undefined) {
        leaderless = true
        continue
      }
      const nodeId = state.preferredReplica >= 0 ? state.preferredReplica : leader.nodeId
      if (this.#busyNodes.has(nodeId)) continue
      const isFull = !hasRoom || state.bufferedBytes > (chunksAhead - 1) * this.#options.partitionBytesMax
      if (isFull || (state.isPaused && state.hasRecords)) {
        // A paused one may rest for long: it needs nobody to hurry.
        if (!state.isPaused) nodesWithOthers.add(nodeId)
        continue
      }
      const states = byNode.get(nodeId)
      if (states === undefined) byNode.set(nodeId, [state])
      else states.push(state)
    }
    for (const [nodeId, states] of byNode) void this.#fetchFrom(nodeId, states, nodesWithOthers.has(nodeId))
    if (leaderless) void this.#findLeaders()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (laterMs < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#cluster.context.clock.schedule(laterMs, () => this.#fetch())
    }
  }

  async #fetchFrom(nodeId: number, states: PartitionFetch<A>[], isHurried: boolean): Promise<void> {
    const turn = this.#turn++ % states.length
    const asked = new Map<string, Asked<A>>()
    const partitions = [...states.slice(turn), ...states.slice(0, turn)].map((state) => {
      const { topic, partition, fetchOffset: offset } = state
      asked.set(keyOf(state), { state, generation: state.generation })
      state.isUnderWay = true
      const isFromLeader = state.preferredReplica < 0
      const leaderEpoch = isFromLeader ? (this.#cluster.leaders.get(state)?.epoch ?? -1) : -1
      return { topic, partition, offset, leaderEpoch }
    })
    const options = isHurried
      ? { ...this.#fetchOptions, waitMs: Math.min(this.#fetchOptions.waitMs, shortWaitMs) }
      : this.#fetchOptions
    this.#busyNodes.add(nodeId)
    try {
      const answer = await this.#cluster.send(nodeId, this.#lane, fetchRequest(groupByTopic(partitions), options))
      this.#take(answer, asked)
    } catch (error) {
      for (const { state, generation } of asked.values()) if (state.generation === generation) this.#lost(state, error)
    } finally {
      this.#busyNodes.delete(nodeId)
      for (const { state } of asked.values()) state.isUnderWay = false
    }
    this.#fetch()
  }

  #take(answer: FetchAnswer, asked: Map<string, Asked<A>>): void {
    for (const { topic, partitions } of answer.topics) {
      for (const fetched of partitions) {
        const key = keyOf({ topic, partition: fetched.partition })
        const entry = asked.get(key)
        if (entry === undefined || entry.generation !== entry.state.generation) continue
        this.#takePartition(entry.state, fetched, answer.error)
      }
    }
    if (answer.error === 0) return
    for (const { state, generation } of asked.values()) {
      if (state.generation === generation) this.#failedBy(state, answer.error)
    }
  }

  #takePartition(state: PartitionFetch<A>, fetched: FetchedPartition, topLevelError: number): void {
    if (topLevelError !== 0) return
    if (fetched.error !== 0) {
      this.#failedBy(state, fetched.error)
      return
    }
    if (fetched.preferredReplica >= 0 && fetched.records.length === 0) {
      state.preferredReplica = fetched.preferredReplica
      return
    }
    if (!state.take(fetched)) {
      const { topic, partition, fetchOffset: offset } = state
      this.#rest(
        state,
        new KafkaError(
          'CORRUPT_BATCH',
          `Cannot read topic "${topic}", partition ${partition}, at offset ${offset}: the broker answered ` +
            `${fetched.records.length} bytes without a whole batch that goes on from there.`,
          { topic, partition, offset },
        ),
      )
      return
    }
    state.succeed()
    this.#queue(state)
  }

  #failedBy(state: PartitionFetch<A>, error: number): void {
    const { topic, partition, fetchOffset: offset } = state
    if (state.preferredReplica >= 0) {
      // The replica may lag behind, or be none any more: the leader knows.
      state.preferredReplica = -1
      return
    }
    const range =
      state.logStartOffset >= 0 ? ` (it had ${state.logStartOffset} to ${state.highWatermark} when last seen)` : ''
    const attempt = `Cannot read topic "${topic}", partition ${partition}, from offset ${offset}${error === 1 ? range : ''}`
    const reason = brokerError(attempt, error, { topic, partition, offset })
    const { remedy } = brokerErrorKind(error)
    if (remedy === 'give-up') this.#rest(state, reason)
    else this.#lost(state, reason)
  }

  /** Tries again after a while, with the leader looked up anew, unless that has been going on for too long. */
  #lost(state: PartitionFetch<A>, error: unknown): void {
    const isRetriable = error instanceof ConnectionLostError || error instanceof KafkaError
    const reason = error instanceof Error ? error : new Error(String(error))
    if (!isRetriable || (reason instanceof KafkaError && isFinal(reason))) {
      this.#rest(state, reason)
      return
    }
    const { clock } = this.#cluster.context
    const now = clock.monotonicMs()
    state.preferredReplica = -1
    this.#cluster.leaders.forget(state)
    state.failingSinceMs ??= now
    const waitedMs = now - state.failingSinceMs
    const { topic, partition, fetchOffset: offset } = state
    const isUnknown = reason instanceof KafkaError && reason.code === 'UNKNOWN_TOPIC'
    const limitMs = Math.min(
      this.#cluster.settings.retryTimeoutMs,
      isUnknown ? unknownTopicGraceMs : Number.POSITIVE_INFINITY,
    )
    if (waitedMs > limitMs) {
      const what = `read topic "${topic}", partition ${partition}, from offset ${offset}`
      this.#rest(state, gaveUp(what, { topic, partition, offset }, reason, waitedMs))
      return
    }
    state.notBeforeMs = now + this.#cluster.retrier.backoffMs(state.failures++)
    this.#tellLongWait(state, reason, waitedMs)
  }

  /** Of all partitions that wait, for they mostly do so together, one is named every few seconds. */
  #tellLongWait({ topic, partition, fetchOffset: offset }: PartitionFetch<A>, reason: Error, waitedMs: number): void {
    const { clock, logger } = this.#cluster.context
    if (waitedMs < longWaitMs || clock.monotonicMs() < this.#nextNoticeMs) return
    this.#nextNoticeMs = clock.monotonicMs() + 2 * longWaitMs
    const facts = { topic, partition, offset, ...addressOf(reason), reason: reason.message }
    logger.warn('Cannot fetch yet, trying again', { ...facts, waitedMs: Math.round(waitedMs) })
  }

  #rest(state: PartitionFetch<A>, error: Error): void {
    if (this.#isClosed) return
    // What was fetched before is still good: it is read first.
    if (state.hasRecords) {
      state.notBeforeMs = this.#cluster.context.clock.monotonicMs() + this.#cluster.settings.retryBackoffMaxMs
      return
    }
    state.fail(error)
    this.#failed.push(state)
    this.#wake()
  }

  async #findLeaders(): Promise<void> {
    if (this.#isFindingLeaders) return
    this.#isFindingLeaders = true
    const states = [...this.#partitions.values()].filter(
      (state) => !state.isResting && this.#cluster.leaders.get(state) === undefined,
    )
    const generations = states.map(({ generation }) => generation)
    const isStale = (i: number): boolean => states[i]!.generation !== generations[i]
    try {
      const { topics } = await this.#cluster.fetchMetadata([...new Set(states.map(({ topic }) => topic))])
      for (const [i, state] of states.entries()) {
        if (isStale(i) || this.#cluster.leaders.get(state) !== undefined) continue
        const error = topics.find(({ topic }) => topic === state.topic)?.error ?? 0
        const reason = this.#cluster.noLeader(state, error)
        if (reason instanceof KafkaError) this.#rest(state, reason)
        else this.#lost(state, reason.reason)
      }
    } catch (error) {
      for (const [i, state] of states.entries()) if (!isStale(i)) this.#lost(state, error)
    } finally {
      this.#isFindingLeaders = false
    }
    this.#fetch()
  }
}

/** Of errors that come as `KafkaError`, those that another attempt will not mend. */
function isFinal(error: KafkaError): boolean {
  const number = error.facts.brokerErrorNumber
  return typeof number !== 'number' || brokerErrorKind(number).remedy === 'give-up'
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
