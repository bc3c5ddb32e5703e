import { MillraceError } from '../base/error.ts'

export type ClusterErrorCode =
  | 'NOT_ENOUGH_SLOTS'
  | 'NOT_ENOUGH_NETWORK_MEMORY'
  | 'JOB_FAILED'
  | 'SLOT_LOST'
  | 'UNKNOWN_COLLECT_SINK'
  | 'ENUMERATOR_FAILED'
  | 'COLLECT_LIMIT_EXCEEDED'

/** The coordinator could not deploy a job, or a job failed. */
export class ClusterError extends MillraceError<ClusterErrorCode> {}
