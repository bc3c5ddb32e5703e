import { assert } from '../base/assert.ts'
import type { JobGraph, JobVertex } from '../graph/job-graph.ts'
import type { SubtaskAddress } from '../protocol/messages.ts'
import { redistributeOperator } from '../snapshot/redistribute.ts'
import type { OperatorRestore, OperatorState, SnapshotMetadata, SubtaskRestore } from '../snapshot/snapshot.ts'
import { SnapshotError } from '../snapshot/snapshot-error.ts'
import { mapState } from './map-state.ts'
import type { RestoreProblem } from './restore-problems.ts'
import type { RestoreSettings } from './restore-settings.ts'

/** What a deployment starts from. */
export interface RestorePlan {
  /** The part of one subtask. */
  restoreOf(subtask: SubtaskAddress): SubtaskRestore
  /** By operator id: what the enumerators of sources kept. */
  readonly enumeratorStates: ReadonlyMap<string, Uint8Array>
  /** What the user should know, a line each: operators that start without state, state that is left out. */
  readonly notes: readonly string[]
}

export interface RestoreParts {
  readonly metadata: SnapshotMetadata
  /** Of the metadata, absolute; undefined if the snapshot is only in memory. */
  readonly directory: string | undefined
  /** Planned with `maxParallelismOverrides(metadata)`. */
  readonly jobGraph: JobGraph
  readonly settings: Pick<RestoreSettings, 'allowNonRestoredState' | 'dropState'>
}

/**
 * Deals the state of a snapshot out to the subtasks of a job, whatever parallelism it has.
 *
 * @throws SnapshotError `SNAPSHOT_MISMATCH` with everything that does not fit.
 */
export function planRestore({ metadata, directory, jobGraph, settings }: RestoreParts): RestorePlan {
  const { states, finishedVertices, notes, problems } = mapState(metadata, jobGraph, settings)
  if (problems.length > 0) throw mismatch(metadata, directory, jobGraph.jobName, problems)

  const dealt = new Map<string, readonly OperatorRestore[]>()
  /** By subtask; dealt out once, when the first subtask asks. */
  const sharesOf = (state: OperatorState, { parallelism, maxParallelism }: JobVertex): readonly OperatorRestore[] => {
    let shares = dealt.get(state.operatorId)
    if (shares === undefined) {
      shares = redistributeOperator(state, parallelism, maxParallelism)
      dealt.set(state.operatorId, shares)
    }
    return shares
  }
  return {
    restoreOf({ vertexIndex, subtaskIndex }) {
      const vertex = jobGraph.vertices[vertexIndex]
      assert(
        vertex !== undefined && subtaskIndex < vertex.parallelism,
        () => `No subtask ${subtaskIndex} of vertex ${vertexIndex} to restore`,
      )
      const isFinished = finishedVertices[vertexIndex]!
      return {
        checkpointId: metadata.checkpointId,
        directory,
        isFinished,
        hasEndedInput: isFinished || hasEndedInput(vertex, subtaskIndex, states),
        operators: vertex.operators.map(({ id }) => {
          const state = states.get(id)
          return state === undefined || isFinished ? undefined : sharesOf(state, vertex)[subtaskIndex]
        }),
      }
    },
    enumeratorStates: new Map(
      [...states.values()].flatMap(({ operatorId, coordinator }) =>
        coordinator === undefined ? [] : [[operatorId, coordinator] as const],
      ),
    ),
    notes,
  }
}

/**
 * At the parallelism that was, each subtask is what it was. At another, a subtask has shares of several, and they have only
 * been told of the end of their input if all have.
 */
function hasEndedInput(vertex: JobVertex, subtaskIndex: number, states: ReadonlyMap<string, OperatorState>): boolean {
  return vertex.operators.every(({ id }) => {
    const state = states.get(id)
    if (state === undefined) return false
    const { subtasks } = state
    const those = subtasks.length === vertex.parallelism ? [subtasks[subtaskIndex]!] : subtasks
    return those.every((subtask) => subtask.isFinished || subtask.hasEndedInput)
  })
}

function mismatch(
  { kind, checkpointId }: SnapshotMetadata,
  directory: string | undefined,
  jobName: string,
  problems: readonly RestoreProblem[],
): SnapshotError {
  const from = `${kind} ${checkpointId}${directory === undefined ? '' : ` in ${directory}`}`
  const list = problems.map(({ message }) => `\n  - ${message}`).join('')
  return new SnapshotError(
    'SNAPSHOT_MISMATCH',
    `Cannot start job "${jobName}" from ${from}, which does not fit:${list}`,
    {
      jobName,
      path: directory,
      checkpointId,
      problems: problems.map(({ facts }) => facts),
    },
  )
}
