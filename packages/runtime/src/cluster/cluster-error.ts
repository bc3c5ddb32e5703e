import { MillraceError } from '../base/error.ts'

/** What can keep the coordinator from running a job. */
export type ClusterErrorCode =
  | 'NOT_ENOUGH_SLOTS'
  | 'NOT_ENOUGH_NETWORK_MEMORY'
  | 'JOB_FAILED'
  | 'SLOT_LOST'
  | 'UNKNOWN_COLLECT_SINK'
  | 'ENUMERATOR_FAILED'
  | 'READER_NOT_REGISTERED'
  | 'COLLECT_LIMIT_EXCEEDED'
  | 'OUTPUT_NOT_WRITTEN'

/**
 * The coordinator could not deploy a job, or a job failed.
 *
 * @example
 * const job = defineJob('failing', (env) => {
 *   env.fromElements('{').map((text): unknown => JSON.parse(text)).print()
 * })
 * await runInSimulation(job) // throws ClusterError: failed in operator "Map"
 */
export class ClusterError extends MillraceError<ClusterErrorCode> {}
