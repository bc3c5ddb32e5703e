import type { JobGraph } from '../graph/job-graph.ts'
import type { SnapshotMetadata } from '../snapshot/snapshot.ts'
import { isDropped } from './dropped-state.ts'
import { summarizeOperatorState } from './operator-state-summary.ts'

/**
 * The max parallelisms, by operator id, that a job must be planned with to start from a snapshot: those of operators with
 * keyed state, whose key groups cannot be cut anew. `planJob` takes them where the job sets none.
 */
export function maxParallelismOverrides(
  { operators }: SnapshotMetadata,
  dropState: readonly string[] = [],
): Readonly<Record<string, number>> {
  const kept = operators.filter((state) => !isDropped(state, dropState) && summarizeOperatorState(state).hasKeyedState)
  return Object.fromEntries(kept.map(({ operatorId, maxParallelism }) => [operatorId, maxParallelism]))
}

/** The same for a job that is already running: its keyed operators keep the max parallelism they were started with. */
export function maxParallelismsOfGraph({ vertices }: JobGraph): Readonly<Record<string, number>> {
  const entries = vertices.flatMap(({ operators, maxParallelism }) =>
    operators.filter(({ keyed }) => keyed).map(({ id }) => [id, maxParallelism] as const),
  )
  return Object.fromEntries(entries)
}
