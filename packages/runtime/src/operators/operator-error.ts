import { MillraceError } from '../base/error.ts'

/** What a function can do that its operator cannot carry on with. */
export type OperatorErrorCode =
  | 'PROMISE_RETURNED'
  | 'UNDEFINED_REDUCED'
  | 'NOT_ITERABLE'
  | 'TOO_MANY_PAUSED_RECORDS'
  | 'COLLECT_LIMIT_EXCEEDED'
  | 'COLLECTED_TOO_LATE'
  | 'NOT_KEYED'
  | 'BROADCAST_STATE_NOT_NAMED'
  | 'SINK_WITHOUT_COMMITTER'
  | 'SINK_WITHOUT_RESTORE'

/**
 * A function did what its operator cannot carry on with. Always wrapped in an OperatorFailure that names the operator.
 *
 * @example
 * const job = defineJob('too-many', (env) => {
 *   env.fromSequence(1, 10).collect('numbers', { limit: 3 })
 * })
 * await runInSimulation(job) // throws ClusterError: OperatorError: collect("numbers") took more than its limit of 3 records
 */
export class OperatorError extends MillraceError<OperatorErrorCode> {}
