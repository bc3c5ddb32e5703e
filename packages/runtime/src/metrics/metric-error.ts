import { MillraceError } from '../base/error.ts'

/** What can be wrong with a metric. */
export type MetricErrorCode = 'TOO_MANY_COUNTERS' | 'INVALID_COUNTER_NAME'

/**
 * A counter could not be created.
 *
 * @example
 * const job = defineJob('nameless', (env) => {
 *   env
 *     .fromElements(1)
 *     .map({ open: (context) => void context.metrics.counter(''), map: (n: number) => n })
 *     .collect('numbers')
 * })
 * await runInSimulation(job) // throws ClusterError: Cannot create a counter with a name of 0 characters
 */
export class MetricError extends MillraceError<MetricErrorCode> {}
