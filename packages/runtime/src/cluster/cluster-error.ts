import { MillraceError } from '../base/error.ts'

/** What can keep the coordinator from running a job, or from doing with it what was asked. */
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
  /** A savepoint was asked for without a directory, and `execution.checkpointing.savepoint-dir` is not set. */
  | 'NO_SAVEPOINT_DIRECTORY'
  /** A job is to be resumed, but `execution.checkpointing.dir` is not set. */
  | 'NO_CHECKPOINT_DIRECTORY'
  /** A savepoint could not be completed. The job goes on. */
  | 'SAVEPOINT_FAILED'
  /** A checkpoint could not be completed, or more of them failed than are tolerable. */
  | 'CHECKPOINT_FAILED'
  /** What was asked for needs a job whose subtasks run; this one is starting, restarting or has ended. */
  | 'JOB_NOT_RUNNING'
  /** The job cannot have that parallelism (slots, max parallelism, network memory). Nothing was stopped. */
  | 'RESCALE_REFUSED'
  /** The job could not be started at the new parallelism, and runs at the old one again. */
  | 'RESCALE_FAILED'
  /** Another live process runs a job of that name with the same checkpoint directory. */
  | 'JOB_ALREADY_RUNS'
  /** The lock of the checkpoint directory could not be made, read or removed. */
  | 'LOCK_FAILED'

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
