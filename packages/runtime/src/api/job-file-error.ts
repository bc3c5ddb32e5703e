import { MillraceError } from '../base/error.ts'

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

/** A job's file cannot be made into a job. Raised before any thread starts. */
export class JobFileError extends MillraceError<JobFileErrorCode> {}
