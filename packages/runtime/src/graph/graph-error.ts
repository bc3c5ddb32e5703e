import { MillraceError } from '../base/error.ts'
import type { OperatorSettings } from './transformation.ts'

/** What can be wrong with a dataflow. */
export type GraphErrorCode =
  | 'NO_OPERATORS'
  | 'INVALID_PARALLELISM'
  | 'INVALID_MAX_PARALLELISM'
  | 'PARALLELISM_ABOVE_MAXIMUM'
  | 'PARALLELISM_NOT_SUPPORTED'
  | 'FORWARD_CHANGES_PARALLELISM'
  | 'DUPLICATE_UID'
  | 'OPERATOR_ID_COLLISION'

/**
 * A dataflow that cannot become a job graph. `facts` name the operators and the offending values.
 *
 * @example
 * const job = defineJob('twins', (env) => {
 *   env.fromElements(1).uid('same').map((n) => n).uid('same')
 * })
 * planJob(job) // throws GraphError: same
 */
export class GraphError extends MillraceError<GraphErrorCode> {}

/** An operator in messages: by its name, and the line where it was added if that is known. */
export function operatorInWords({ name, location }: OperatorSettings): string {
  return location === undefined ? `operator "${name}"` : `operator "${name}" (${location})`
}
