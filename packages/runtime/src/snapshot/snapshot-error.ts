import { MillraceError } from '../base/error.ts'

/** What may go wrong with a snapshot. */
export type SnapshotErrorCode =
  /** A file or directory could not be made, written, read or removed. */
  | 'STORAGE_FAILED'
  /** There is no snapshot at this path. */
  | 'SNAPSHOT_NOT_FOUND'
  /** It is no snapshot of Millrace, or of a newer version. */
  | 'SNAPSHOT_FOREIGN'
  /** It is cut off or damaged: names file, block and offset. */
  | 'SNAPSHOT_CORRUPT'
  /** It does not fit the job: operators, parallelism, max parallelism. */
  | 'SNAPSHOT_MISMATCH'
  /** It is larger than what may be kept in memory. */
  | 'SNAPSHOT_TOO_LARGE'

/** Thrown where a snapshot cannot be written, read, or given to a job. */
export class SnapshotError extends MillraceError {
  declare readonly code: SnapshotErrorCode

  constructor(
    code: SnapshotErrorCode,
    message: string,
    facts: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(code, message, facts, options)
  }
}
