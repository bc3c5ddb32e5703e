import { MillraceError } from '../base/error.ts'

export type CommandErrorCode =
  | 'JOB_NOT_FOUND'
  | 'JOB_ID_AMBIGUOUS'
  /** The process of the job does not answer (any more). */
  | 'JOB_UNREACHABLE'
  /** It answers, and refuses. */
  | 'REQUEST_REFUSED'
  /** The directory of jobs cannot be read or written. */
  | 'REGISTRY_FAILED'
  | 'EXPORT_FAILED'

/** A command that is right in itself could not be carried out. */
export class CommandError extends MillraceError<CommandErrorCode> {}
