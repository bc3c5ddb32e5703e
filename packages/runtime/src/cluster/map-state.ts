import type { ChainedOperator, JobGraph, JobVertex } from '../graph/job-graph.ts'
import type { OperatorState, SnapshotMetadata } from '../snapshot/snapshot.ts'
import { isDropped } from './dropped-state.ts'
import { hasState, operatorInWords, summarizeOperatorState } from './operator-state-summary.ts'
import {
  endedBehindRunning,
  maxParallelismProblems,
  otherKind,
  partlyEnded,
  type RestoreProblem,
  stateWithoutOperator,
  unknownNames,
} from './restore-problems.ts'
import type { RestoreSettings } from './restore-settings.ts'

/** What a snapshot's state is to a job's operators: where each gets its own from, and what the user should know. */
export interface StateMapping {
  /** By operator id: of operators that the job has and whose state is not left out. */
  readonly states: ReadonlyMap<string, OperatorState>
  /** By position of the vertex: all of it had ended. */
  readonly finishedVertices: readonly boolean[]
  /** One line each. */
  readonly notes: readonly string[]
  /** Why the job cannot start from the snapshot; each with what would do. */
  readonly problems: readonly RestoreProblem[]
}

/** Finds for each operator its state. Operators of which nothing is kept cause no problem. */
export function mapState(
  metadata: SnapshotMetadata,
  jobGraph: JobGraph,
  settings: Pick<RestoreSettings, 'allowNonRestoredState' | 'dropState'>,
): StateMapping {
  const { allowNonRestoredState, dropState } = settings
  const notes: string[] = []
  const problems: RestoreProblem[] = unknownNames(dropState, metadata)
  const inJob = new Map(
    jobGraph.vertices.flatMap(({ operators }) => operators.map((each) => [each.id as string, each])),
  )
  const states = new Map<string, OperatorState>()
  const dropped = new Set<string>()

  for (const state of metadata.operators) {
    if (isDropped(state, dropState)) {
      dropped.add(state.operatorId)
      notes.push(`The state of ${stateInWords(state)} is left out (--drop-state)`)
    } else if (inJob.has(state.operatorId)) {
      states.set(state.operatorId, state)
    } else if (hasState(summarizeOperatorState(state))) {
      if (allowNonRestoredState)
        notes.push(`The state of ${stateInWords(state)}, which the job does not have, is left out (-n)`)
      else problems.push(stateWithoutOperator(state, [...inJob.values()]))
    }
  }
  for (const operator of inJob.values()) {
    const state = states.get(operator.id)
    if (state !== undefined) problems.push(...otherKind(operator, state))
    else if (isStateful(operator) && !dropped.has(operator.id)) {
      notes.push(`${capital(operatorInWords(operator))} starts without state: the ${metadata.kind} has none for it`)
    }
  }
  const finishedVertices = jobGraph.vertices.map(
    (vertex) => endedOperators(vertex, states).length === vertex.operators.length,
  )
  for (const vertex of jobGraph.vertices) {
    problems.push(...maxParallelismProblems(vertex, states))
    if (!finishedVertices[vertex.index]) problems.push(...partlyEnded(vertex, endedOperators(vertex, states)))
  }
  const endedInput = jobGraph.vertices.map(({ operators }) =>
    operators.every(({ id }) => hadEndedInput(states.get(id))),
  )
  problems.push(...endedBehindRunning(jobGraph, finishedVertices, endedInput))
  return { states, finishedVertices, notes, problems }
}

/** Sources keep what they have read, keyed operators what they hold for keys. Of others nothing is known beforehand. */
function isStateful({ keyed, kind }: ChainedOperator): boolean {
  return keyed || kind === 'source'
}

function endedOperators(
  { operators }: JobVertex,
  states: ReadonlyMap<string, OperatorState>,
): readonly ChainedOperator[] {
  return operators.filter(({ id }) => hadEnded(states.get(id)))
}

function hadEnded(state: OperatorState | undefined): boolean {
  return state !== undefined && state.subtasks.length > 0 && state.subtasks.every(({ isFinished }) => isFinished)
}

function hadEndedInput(state: OperatorState | undefined): boolean {
  return state?.subtasks.every((subtask) => subtask.isFinished || subtask.hasEndedInput) ?? false
}

function stateInWords({ operatorId, uid, name }: OperatorState): string {
  return operatorInWords({ id: operatorId, uid, name })
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
