import { assert } from '../base/assert.ts'

/** The life cycle of a job, with Flink's names (org.apache.flink.api.common.JobStatus). */
export type JobStatus =
  | 'INITIALIZING'
  | 'CREATED'
  | 'RUNNING'
  | 'FAILING'
  | 'FAILED'
  | 'CANCELLING'
  | 'CANCELED'
  | 'FINISHED'
  | 'RESTARTING'

const transitions = {
  INITIALIZING: ['CREATED', 'FAILED', 'CANCELED'],
  CREATED: ['RUNNING', 'CANCELLING', 'FAILING'],
  RUNNING: ['FINISHED', 'CANCELLING', 'FAILING', 'RESTARTING'],
  RESTARTING: ['CREATED', 'CANCELLING', 'FAILING'],
  FAILING: ['FAILED', 'CANCELLING'],
  CANCELLING: ['CANCELED', 'FAILING'],
  FAILED: [],
  CANCELED: [],
  FINISHED: [],
} as const satisfies Record<JobStatus, readonly JobStatus[]>

/** Answers `to`, or fails if the life cycle has no such step. */
export function transition(from: JobStatus, to: JobStatus): JobStatus {
  const allowed: readonly JobStatus[] = transitions[from]
  assert(allowed.includes(to), () => `a job cannot go from ${from} to ${to}`)
  return to
}

/** Whether nothing can follow. */
export function isTerminal(status: JobStatus): boolean {
  return transitions[status].length === 0
}
