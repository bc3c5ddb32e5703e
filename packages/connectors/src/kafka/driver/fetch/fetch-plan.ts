import type { PartitionAssignment } from '../kafka-fetcher.ts'
import type { PartitionFetch } from './partition-fetch.ts'

/** Chunks of a partition that are fetched ahead: one is read while the other is under way. */
const chunksAhead = 2

/** What is known of the cluster and of the buffer when requests are about to leave. */
export interface FetchSituation {
  readonly nowMs: number
  /** Undefined if it has to be looked up. */
  readonly leaderOf: (partition: PartitionFetch<PartitionAssignment>) => number | undefined
  /** Whether a request to the broker is under way. */
  readonly isBusy: (nodeId: number) => boolean
  /** Whether the buffer that all partitions share takes more. */
  readonly hasRoom: boolean
  readonly partitionBytesMax: number
}

export interface FetchPlan<A extends PartitionAssignment> {
  /** What to ask of each broker. */
  readonly byNode: ReadonlyMap<number, readonly PartitionFetch<A>[]>
  /** Brokers with more partitions, which are full: these are read meanwhile, and must not wait long for the next request. */
  readonly hurriedNodes: ReadonlySet<number>
  readonly isLeaderMissing: boolean
  /** When one that failed may be asked for again; infinite if there is none. */
  readonly laterMs: number
}

/** One request to each broker that has none under way, for all its partitions that have room. */
export function planFetches<A extends PartitionAssignment>(
  partitions: Iterable<PartitionFetch<A>>,
  { nowMs, leaderOf, isBusy, hasRoom, partitionBytesMax }: FetchSituation,
): FetchPlan<A> {
  const byNode = new Map<number, PartitionFetch<A>[]>()
  const hurriedNodes = new Set<number>()
  let isLeaderMissing = false
  let laterMs = Number.POSITIVE_INFINITY
  for (const state of partitions) {
    if (state.isResting || state.isFetched || state.isUnderWay) continue
    if (state.notBeforeMs > nowMs) {
      laterMs = Math.min(laterMs, state.notBeforeMs - nowMs)
      continue
    }
    const leader = leaderOf(state)
    if (leader === undefined) {
      isLeaderMissing = true
      continue
    }
    const nodeId = state.preferredReplica >= 0 ? state.preferredReplica : leader
    if (isBusy(nodeId)) continue
    const isFull = !hasRoom || state.bufferedBytes > (chunksAhead - 1) * partitionBytesMax
    if (isFull || (state.isPaused && state.hasRecords)) {
      // A paused one may rest for long: it needs nobody to hurry.
      if (!state.isPaused) hurriedNodes.add(nodeId)
      continue
    }
    const states = byNode.get(nodeId)
    if (states === undefined) byNode.set(nodeId, [state])
    else states.push(state)
  }
  return { byNode, hurriedNodes, isLeaderMissing, laterMs }
}
