import { MillraceError } from '../base/error.ts'

/** What can be wrong with a call of the DataStream API. */
export type ApiErrorCode =
  | 'INVALID_NAME'
  | 'INVALID_UID'
  | 'INVALID_PARALLELISM'
  | 'INVALID_MAX_PARALLELISM'
  | 'INVALID_BUFFER_TIMEOUT'
  | 'INVALID_SLOT_SHARING_GROUP'
  | 'INVALID_COLLECT_LIMIT'
  | 'INVALID_CONFIGURATION'
  | 'INVALID_TYPE'
  | 'INVALID_SEQUENCE'
  | 'INVALID_FIELD'
  | 'INVALID_STREAM'
  | 'INVALID_WATERMARK_STRATEGY'
  | 'INVALID_DESCRIPTOR'
  | 'INVALID_CHECKPOINTING'
  | 'PARALLELISM_ABOVE_MAXIMUM'
  | 'NOT_A_FUNCTION'
  | 'NOT_A_SOURCE'
  | 'NOT_A_SINK'
  | 'CLASS_INSTEAD_OF_INSTANCE'
  | 'ASYNC_FUNCTION'
  | 'TIMERS_WITHOUT_KEY'
  | 'FUNCTION_USED_TWICE'
  | 'DUPLICATE_COLLECT_NAME'
  | 'ALREADY_PARTITIONED'
  | 'STREAM_OF_OTHER_JOB'
  | 'TOPOLOGY_SEALED'

/**
 * A call of the DataStream API that cannot mean anything, raised at once, where the call is made.
 *
 * `facts` holds the offending value, and `operator` and `location` where they are known.
 *
 * @example
 * const job = defineJob('too-narrow', (env) => {
 *   env.setParallelism(0)
 * })
 * await runInSimulation(job) // throws ApiError: must be an integer
 */
export class ApiError extends MillraceError<ApiErrorCode> {}
