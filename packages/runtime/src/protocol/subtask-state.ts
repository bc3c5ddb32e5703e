import { assert } from '../base/assert.ts'

/** The life cycle of a subtask, with Flink's names (org.apache.flink.runtime.execution.ExecutionState). */
export type SubtaskState =
  | 'CREATED'
  | 'SCHEDULED'
  | 'DEPLOYING'
  | 'INITIALIZING'
  | 'RUNNING'
  | 'FINISHED'
  | 'CANCELING'
  | 'CANCELED'
  | 'FAILED'

const transitions = {
  CREATED: ['SCHEDULED', 'CANCELED', 'FAILED'],
  SCHEDULED: ['DEPLOYING', 'CANCELED', 'FAILED'],
  DEPLOYING: ['INITIALIZING', 'CANCELING', 'CANCELED', 'FAILED'],
  INITIALIZING: ['RUNNING', 'CANCELING', 'CANCELED', 'FAILED'],
  RUNNING: ['FINISHED', 'CANCELING', 'CANCELED', 'FAILED'],
  CANCELING: ['CANCELED', 'FAILED'],
  FINISHED: [],
  CANCELED: [],
  FAILED: [],
} as const satisfies Record<SubtaskState, readonly SubtaskState[]>

/** Answers `to`, or fails if the life cycle has no such step. */
export function subtaskTransition(from: SubtaskState, to: SubtaskState): SubtaskState {
  const allowed: readonly SubtaskState[] = transitions[from]
  assert(allowed.includes(to), () => `a subtask cannot go from ${from} to ${to}`)
  return to
}

/** Whether nothing can follow. */
export function isTerminalSubtaskState(state: SubtaskState): boolean {
  return transitions[state].length === 0
}
