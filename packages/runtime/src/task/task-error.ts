import { MillraceError } from '../base/error.ts'

export type TaskErrorCode = 'JOB_DIFFERS_IN_WORKER' | 'BUNDLE_CHANGED'

/** A slot could not take up its work. */
export class TaskError extends MillraceError<TaskErrorCode> {}
