import { OperatorFailure } from '../operators/operator-failure.ts'
import { describeError } from '../protocol/error-data.ts'
import type { SubtaskFailure } from '../protocol/messages.ts'

/** What is told to the coordinator of whatever was thrown in a subtask. */
export function describeFailure(error: unknown): SubtaskFailure {
  if (error instanceof OperatorFailure) {
    return {
      operatorName: error.operatorName,
      recordPreview: error.recordPreview,
      error: describeError(error.cause),
    }
  }
  return { operatorName: '', recordPreview: undefined, error: describeError(error) }
}
