import { MillraceError } from '../base/error.ts'

export type OperatorErrorCode =
  | 'PROMISE_RETURNED'
  | 'UNDEFINED_REDUCED'
  | 'NOT_ITERABLE'
  | 'TOO_MANY_PAUSED_RECORDS'
  | 'COLLECT_LIMIT_EXCEEDED'

/** A function did what its operator cannot carry on with. Always wrapped in an OperatorFailure that names the operator. */
export class OperatorError extends MillraceError<OperatorErrorCode> {}
