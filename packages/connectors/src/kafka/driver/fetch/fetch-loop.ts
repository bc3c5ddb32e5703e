import type { Cluster, Lane } from '../cluster/cluster.ts'
import { KafkaError } from '../kafka-error.ts'
import type { PartitionAssignment } from '../kafka-fetcher.ts'
import { partitionKey } from '../partition-key.ts'
import { type FetchAnswer, type FetchedPartition, fetchRequest } from '../protocol/fetch-request.ts'
import { groupByTopic } from '../protocol/group-by-topic.ts'
import { FetchFailures } from './fetch-failures.ts'
import { planFetches } from './fetch-plan.ts'
import type { FetchSettings } from './fetch-settings.ts'
import type { PartitionFetch } from './partition-fetch.ts'
import { SharedAnswer } from './shared-answer.ts'

/** How long a broker may wait for records while other partitions of it have some: they must not wait for these. */
const shortWaitMs = 10

/** What a loop tells of its partitions. */
export interface FetchEvents<A extends PartitionAssignment> {
  /** It may have records that it had not. */
  fetched(state: PartitionFetch<A>): void
  /** It rests, with an error. */
  failed(state: PartitionFetch<A>): void
}

interface Asked<A extends PartitionAssignment> {
  readonly state: PartitionFetch<A>
  readonly generation: number
}

/** Fills partitions with what brokers have of them: one request under way to each broker, for all its partitions that have room. */
export class FetchLoop<A extends PartitionAssignment> {
  readonly #cluster: Cluster
  readonly #lane: Lane
  readonly #settings: FetchSettings
  readonly #partitions: ReadonlyMap<string, PartitionFetch<A>>
  readonly #events: FetchEvents<A>
  readonly #failures: FetchFailures<A>
  readonly #busyNodes: Set<number> = new Set<number>()
  #isFindingLeaders = false
  #cancelTimer: (() => void) | undefined
  #isClosed = false
  /** Brokers fill answers in the order of the request, so it begins elsewhere each time. */
  #turn = 0

  /** `partitions` are those to fetch, by `partitionKey`; they come and go while it runs. */
  constructor(
    cluster: Cluster,
    settings: FetchSettings,
    partitions: ReadonlyMap<string, PartitionFetch<A>>,
    events: FetchEvents<A>,
  ) {
    this.#cluster = cluster
    this.#lane = `fetch-${cluster.newLane()}`
    this.#settings = settings
    this.#partitions = partitions
    this.#events = events
    this.#failures = new FetchFailures(cluster, (state) => events.failed(state))
  }

  get bufferedBytes(): number {
    let sum = 0
    for (const state of this.#partitions.values()) sum += state.bufferedBytes
    return sum
  }

  /** Sends what can be sent now. To be called when a partition has come, gone on, or got room. */
  fetch(): void {
    if (this.#isClosed) return
    const { leaders, context } = this.#cluster
    const plan = planFetches(this.#partitions.values(), {
      nowMs: context.clock.monotonicMs(),
      leaderOf: (state) => leaders.get(state)?.nodeId,
      isBusy: (nodeId) => this.#busyNodes.has(nodeId),
      hasRoom: this.bufferedBytes < this.#settings.prefetchBytesMax,
      partitionBytesMax: this.#settings.request.partitionBytesMax,
    })
    for (const [nodeId, states] of plan.byNode) void this.#fetchFrom(nodeId, states, plan.hurriedNodes.has(nodeId))
    if (plan.isLeaderMissing) void this.#findLeaders()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (plan.laterMs < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = context.clock.schedule(plan.laterMs, () => this.fetch())
    }
  }

  close(): void {
    this.#isClosed = true
    this.#cancelTimer?.()
    this.#cluster.closeLane(this.#lane)
  }

  async #fetchFrom(nodeId: number, states: readonly PartitionFetch<A>[], isHurried: boolean): Promise<void> {
    const turn = this.#turn++ % states.length
    const asked = new Map<string, Asked<A>>()
    const partitions = [...states.slice(turn), ...states.slice(0, turn)].map((state) => {
      const { topic, partition, fetchOffset: offset } = state
      asked.set(partitionKey(state), { state, generation: state.generation })
      state.isUnderWay = true
      const isFromLeader = state.preferredReplica < 0
      const leaderEpoch = isFromLeader ? (this.#cluster.leaders.get(state)?.epoch ?? -1) : -1
      return { topic, partition, offset, leaderEpoch }
    })
    const { request } = this.#settings
    const options = isHurried ? { ...request, waitMs: Math.min(request.waitMs, shortWaitMs) } : request
    this.#busyNodes.add(nodeId)
    try {
      const answer = await this.#cluster.send(nodeId, this.#lane, fetchRequest(groupByTopic(partitions), options))
      this.#take(answer, asked)
    } catch (error) {
      this.#eachCurrent(asked.values(), (state) => this.#failures.lost(state, error))
    } finally {
      this.#busyNodes.delete(nodeId)
      for (const { state } of asked.values()) state.isUnderWay = false
    }
    this.fetch()
  }

  #take({ error, topics }: FetchAnswer, asked: ReadonlyMap<string, Asked<A>>): void {
    if (error !== 0) {
      this.#eachCurrent(asked.values(), (state) => this.#failures.answered(state, error))
      return
    }
    const answer = new SharedAnswer(this.#cluster.answerMemory)
    for (const { topic, partitions } of topics) {
      for (const fetched of partitions) {
        const entry = asked.get(partitionKey({ topic, partition: fetched.partition }))
        if (entry !== undefined) this.#eachCurrent([entry], (state) => this.#takePartition(state, fetched, answer))
      }
    }
    answer.release(false)
  }

  #takePartition(state: PartitionFetch<A>, fetched: FetchedPartition, answer: SharedAnswer): void {
    if (fetched.error !== 0) {
      this.#failures.answered(state, fetched.error)
    } else if (fetched.preferredReplica >= 0 && fetched.records.length === 0) {
      state.preferredReplica = fetched.preferredReplica
    } else if (state.take(fetched, answer)) {
      state.succeed()
      this.#events.fetched(state)
    } else {
      this.#failures.rest(state, noWholeBatch(state, fetched.records.length))
    }
  }

  async #findLeaders(): Promise<void> {
    if (this.#isFindingLeaders) return
    this.#isFindingLeaders = true
    const { leaders } = this.#cluster
    const asked = [...this.#partitions.values()]
      .filter((state) => !state.isResting && leaders.get(state) === undefined)
      .map((state) => ({ state, generation: state.generation }))
    try {
      const { topics } = await this.#cluster.fetchMetadata([...new Set(asked.map(({ state }) => state.topic))])
      this.#eachCurrent(asked, (state) => {
        if (leaders.get(state) !== undefined) return
        const error = topics.find(({ topic }) => topic === state.topic)?.error ?? 0
        const reason = this.#cluster.noLeader(state, error)
        if (reason instanceof KafkaError) this.#failures.rest(state, reason)
        else this.#failures.lost(state, reason.reason)
      })
    } catch (error) {
      this.#eachCurrent(asked, (state) => this.#failures.lost(state, error))
    } finally {
      this.#isFindingLeaders = false
    }
    this.fetch()
  }

  /** Of those that were asked for: a position that has jumped since has nothing to do with the answer. */
  #eachCurrent(asked: Iterable<Asked<A>>, act: (state: PartitionFetch<A>) => void): void {
    if (this.#isClosed) return
    for (const { state, generation } of asked) if (state.generation === generation) act(state)
  }
}

function noWholeBatch(
  { topic, partition, fetchOffset: offset }: PartitionFetch<PartitionAssignment>,
  byteCount: number,
): KafkaError {
  return new KafkaError(
    'CORRUPT_BATCH',
    `Cannot read topic "${topic}", partition ${partition}, at offset ${offset}: the broker answered ${byteCount} bytes ` +
      'without a whole batch that goes on from there.',
    { topic, partition, offset },
  )
}
