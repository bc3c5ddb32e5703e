import { MillraceError } from '../base/error.ts'

/** What can be wrong with the file of a job. */
export type JobFileErrorCode =
  | 'JOB_FILE_NOT_FOUND'
  | 'JOB_FILE_IS_DIRECTORY'
  | 'UNSUPPORTED_JOB_FILE'
  | 'JOB_NOT_BUNDLED'
  | 'BUNDLE_NOT_WRITTEN'
  | 'JOB_IMPORT_FAILED'
  | 'INLINE_JOB'
  | 'NO_DEFAULT_EXPORT'
  | 'NOT_A_JOB'

/**
 * A job's file cannot be made into a job. Raised before any thread starts.
 *
 * @example
 * await run(new URL('./no-such-job.ts', import.meta.url)) // throws JobFileError: no-such-job.ts
 */
export class JobFileError extends MillraceError<JobFileErrorCode> {}
