import { nearestWord } from '../configuration/nearest-word.ts'
import type { ChainedOperator, JobGraph, JobVertex } from '../graph/job-graph.ts'
import type { OperatorState, SnapshotMetadata } from '../snapshot/snapshot.ts'
import { isDropped } from './dropped-state.ts'
import { operatorInWords, summarizeOperatorState } from './operator-state-summary.ts'

/** Why a job cannot start from a snapshot, with what would do. */
export interface RestoreProblem {
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}

export function stateWithoutOperator(state: OperatorState, operators: readonly ChainedOperator[]): RestoreProblem {
  const { states, bytes } = summarizeOperatorState(state)
  const { uid, operatorId, name } = state
  const uids = operators.flatMap((operator) => operator.uid ?? [])
  const nearestUid = uid === undefined ? undefined : nearestWord(uid, uids, Number.POSITIVE_INFINITY)
  const hint =
    uid === undefined
      ? 'it had no uid, so its id follows from its place in the graph, which has changed'
      : nearestUid === undefined
        ? 'no operator of the job has a uid'
        : `the nearest uid in the job is "${nearestUid}"`
  return {
    message:
      `there is state for ${operatorInWords({ id: operatorId, uid, name })}, which the job does not have: ${states.join(', ')}, ${bytes} bytes; ${hint}. ` +
      `Give the operator its uid back, or leave its state out with --drop-state ${uid ?? operatorId}, or all such state with ` +
      '-n (--allow-non-restored-state)',
    facts: { operatorId, uid, name, states, bytes, nearestUid },
  }
}

/** A word of `--drop-state` that names nothing is a slip of the keyboard, and what it meant would be restored. */
export function unknownNames(dropState: readonly string[], { kind, operators }: SnapshotMetadata): RestoreProblem[] {
  return dropState
    .filter((name) => !operators.some((state) => isDropped(state, [name])))
    .map((name) => {
      const names = operators.map(({ uid, operatorId }) => uid ?? operatorId)
      const nearest = nearestWord(name, names, Number.POSITIVE_INFINITY)
      const hint = nearest === undefined ? '' : `; the nearest is ${nearest}`
      return {
        message: `--drop-state ${name} names no operator of the ${kind}, neither by uid nor by id${hint}`,
        facts: { dropState: name, nearest },
      }
    })
}

export function otherKind(operator: ChainedOperator, state: OperatorState): RestoreProblem[] {
  const { hasKeyedState, states, bytes } = summarizeOperatorState(state)
  const wasSource = state.coordinator !== undefined && operator.kind !== 'source'
  const wasKeyed = hasKeyedState && !operator.keyed
  if (!wasSource && !wasKeyed) return []
  const { id: operatorId, uid, name } = operator
  const what = wasKeyed ? `is keyed state (${states.join(', ')})` : 'are splits of a source'
  const is = wasKeyed ? 'does not run on a keyed stream' : 'is no source'
  return [
    {
      message:
        `there ${what} for ${operatorInWords(operator)}, which ${is} in this job. Give another uid to the operator, or leave the ` +
        `state out with --drop-state ${uid ?? operatorId}`,
      facts: { operatorId, uid, name, states, bytes },
    },
  ]
}

export function maxParallelismProblems(
  vertex: JobVertex,
  states: ReadonlyMap<string, OperatorState>,
): RestoreProblem[] {
  const { parallelism, maxParallelism, explicitMaxParallelism } = vertex
  const problems: RestoreProblem[] = []
  for (const operator of vertex.operators) {
    const state = states.get(operator.id)
    if (state === undefined || !summarizeOperatorState(state).hasKeyedState) continue
    const kept = state.maxParallelism
    const facts = { operatorId: operator.id, uid: operator.uid, name: operator.name, parallelism, maxParallelism: kept }
    if (parallelism > kept) {
      problems.push({
        message: `${operatorInWords(operator)} has parallelism ${parallelism}, but its state has max parallelism ${kept}. Run it with ${kept} or less`,
        facts,
      })
    } else if (kept !== maxParallelism) {
      const from = explicitMaxParallelism === undefined ? 'its chain has' : 'the job sets'
      problems.push({
        message:
          `the state of ${operatorInWords(operator)} has max parallelism ${kept}, but ${from} max parallelism ${maxParallelism}, and ` +
          `key groups cannot be cut anew. Set it to ${kept}, or leave it unset`,
        facts: { ...facts, wanted: maxParallelism },
      })
    }
  }
  return problems
}

/** An operator that has ended cannot run again, nor can one in its chain run without it. */
export function partlyEnded(vertex: JobVertex, ended: readonly ChainedOperator[]): RestoreProblem[] {
  if (ended.length === 0) return []
  const others = vertex.operators.filter((operator) => !ended.includes(operator))
  const names = ended.map(operatorInWords).join(', ')
  return [
    {
      message:
        `${names} had ended, but ${others.map(operatorInWords).join(', ')} in the same chain had not, or has no state. Keep what ` +
        'is chained as it was, or let them start anew with ' +
        ended.map(({ uid, id }) => `--drop-state ${uid ?? id}`).join(' '),
      facts: { ended: ended.map(({ name }) => name), others: others.map(({ name }) => name) },
    },
  ]
}

/**
 * A vertex that had ended takes no input, so what one before it sends would be lost. One that had sent its end, and only
 * waited for a last checkpoint, sends nothing more.
 */
export function endedBehindRunning(
  { edges, vertices }: JobGraph,
  finishedVertices: readonly boolean[],
  endedInput: readonly boolean[],
): RestoreProblem[] {
  return edges
    .filter(({ sourceVertex, targetVertex }) => finishedVertices[targetVertex] && !endedInput[sourceVertex])
    .map(({ sourceVertex, targetVertex }) => {
      const [source, target] = [vertices[sourceVertex]!.name, vertices[targetVertex]!.name]
      return {
        message: `"${target}" had ended, but "${source}", which it reads, had not, or is new. Send its records elsewhere`,
        facts: { source, target },
      }
    })
}
