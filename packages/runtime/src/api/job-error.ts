import { MillraceError } from '../base/error.ts'

/** What can be wrong with a job as a whole. */
export type JobErrorCode =
  | 'NOT_A_JOB'
  | 'INVALID_JOB_NAME'
  | 'BUILDER_THREW'
  | 'BUILDER_IS_ASYNC'
  | 'NO_OPERATORS'
  | 'INVALID_PARALLELISM'
  | 'GENERIC_TYPES_DISABLED'

/**
 * A job that cannot be built, whatever it runs on. Raised before any thread starts.
 *
 * When the builder itself threw, `cause` is what it threw, and its stack shows the line in the job's file.
 *
 * @example
 * const job = defineJob('empty', () => {})
 * await runInSimulation(job) // throws JobError: has no operators
 */
export class JobError extends MillraceError<JobErrorCode> {}
