import { messageOf } from '../base/message-of.ts'
import type { JobGraph, JobVertex } from '../graph/job-graph.ts'
import type { Plan } from '../graph/plan.ts'
import { keyGroupRangeForSubtask } from '../keys/key-group-range.ts'
import type { KeyedStateHandle, OperatorRestore, OperatorSubtaskState, SnapshotMetadata } from '../snapshot/snapshot.ts'
import { ClusterError } from './cluster-error.ts'
import { checkNetworkMemory, type NetworkSettings } from './deployment.ts'
import type { AttemptPlan } from './job-attempt.ts'
import type { RescaledVertex, RescaleResult, VertexScale } from './job-handle.ts'
import type { RestorePlan } from './plan-restore.ts'
import { assignSlots, checkSlots } from './slot-sharing.ts'

/**
 * Plans the job for another parallelism, and checks that it fits, before anything is stopped.
 *
 * @throws ClusterError `RESCALE_REFUSED`
 */
export function checkRescale(
  parallelism: number,
  parts: {
    readonly plan: Plan
    readonly slotsMax: number | undefined
    readonly network: NetworkSettings
    readonly replan: (parallelism: number) => AttemptPlan
  },
): AttemptPlan {
  const { jobName } = parts.plan.jobGraph
  const refused = (why: string, cause?: unknown) =>
    new ClusterError(
      'RESCALE_REFUSED',
      `Cannot rescale job "${jobName}" to parallelism ${parallelism}: ${why}`,
      { jobName, parallelism },
      cause === undefined ? undefined : { cause },
    )
  let next: AttemptPlan
  try {
    next = parts.replan(parallelism)
    const { jobGraph } = next.plan
    checkSlots(jobGraph, assignSlots(jobGraph), parts.slotsMax)
    checkNetworkMemory(jobGraph, parts.network)
  } catch (error) {
    throw refused(messageOf(error), error)
  }
  if (next.plan.jobGraph.fingerprint !== parts.plan.jobGraph.fingerprint) return next
  const fixed = unchangedOperators(next.plan.jobGraph, next.plan.jobGraph, parallelism)
  throw refused(
    fixed.length === 0
      ? 'it has that parallelism already.'
      : `nothing would change: the code fixes the parallelism of ${fixed.map((name) => `"${name}"`).join(', ')}.`,
  )
}

/** What the change did, for people to see. */
export function describeRescale(parts: {
  readonly before: JobGraph
  readonly after: JobGraph
  readonly parallelism: number
  /** That the job was stopped with. */
  readonly metadata: SnapshotMetadata
  /** Of the same snapshot, for the new parallelism. */
  readonly restore: RestorePlan
  readonly durationMs: number
}): RescaleResult {
  const { before, after, parallelism, metadata, restore, durationMs } = parts
  const states = new Map(metadata.operators.map((state) => [state.operatorId, state]))
  const vertices = after.vertices.map((vertex): RescaledVertex => {
    const old = before.vertices.find(({ operators }) => operators[0]!.id === vertex.operators[0]!.id) ?? vertex
    const oldBytes = Array.from({ length: old.parallelism }, (_, i) =>
      sum(old.operators.map(({ id }) => stateBytes(states.get(id)?.subtasks[i]))),
    )
    const newBytes = Array.from({ length: vertex.parallelism }, (_, subtaskIndex) =>
      sum(
        restore
          .restoreOf({ vertexIndex: vertex.index, subtaskIndex })
          .operators.map((operator) => restoredBytes(operator)),
      ),
    )
    return { name: vertex.name, before: scaleOf(old, oldBytes), after: scaleOf(vertex, newBytes) }
  })
  return { durationMs, vertices, unchangedOperators: unchangedOperators(before, after, parallelism) }
}

function scaleOf(vertex: JobVertex, bytes: readonly number[]): VertexScale {
  const { parallelism, maxParallelism, operators } = vertex
  const ranges = Array.from({ length: parallelism }, (_, i) => {
    const { start, end } = keyGroupRangeForSubtask(i, maxParallelism, parallelism)
    return [start, end] as const
  })
  return {
    parallelism,
    keyGroupRanges: operators.some(({ keyed }) => keyed) ? ranges : undefined,
    stateBytes: bytes,
  }
}

function stateBytes(state: OperatorSubtaskState | undefined): number {
  return (
    keyedBytes(state?.keyed === undefined ? [] : [state.keyed]) +
    sum(state?.lists.map(({ block }) => block.length) ?? [])
  )
}

/** Items of a list are taken for equally large. */
function restoredBytes(operator: OperatorRestore | undefined): number {
  const lists = operator?.lists.map(({ handle, first, step }) => {
    const count = Math.max(0, Math.ceil((handle.itemCount - first) / step))
    return Math.round((handle.block.length * count) / handle.itemCount)
  })
  return keyedBytes(operator?.keyed ?? []) + sum(lists ?? [])
}

function keyedBytes(handles: readonly KeyedStateHandle[]): number {
  return sum(handles.flatMap(({ keyGroups }) => keyGroups.map(({ length }) => length)))
}

/** Names of operators that were not asked for the parallelism they have. */
function unchangedOperators(before: JobGraph, after: JobGraph, parallelism: number): readonly string[] {
  const old = new Map(before.vertices.flatMap(({ operators }) => operators.map((each) => [each.id, each.parallelism])))
  return after.vertices
    .flatMap(({ operators }) => operators)
    .filter((operator) => operator.parallelism !== parallelism && operator.parallelism === old.get(operator.id))
    .map(({ name }) => name)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
