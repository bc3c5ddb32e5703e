import type { KeySelector } from '../operators/functions.ts'
import type { DataStream } from './data-stream.ts'
import { checkFunction } from './function-checks.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { callOf } from './topology.ts'

/**
 * Takes a stream for keyed that is partitioned by key already, without sending its records through a channel again.
 * The caller answers for it that records are where `keyBy(keySelector)` would have sent them: typically an operator
 * after `keyBy` that kept the key.
 *
 * @param stream - partitioned by the key that `keySelector` answers.
 * @param keySelector - as for `keyBy`.
 * @returns a keyed stream whose operators may be chained to the one before.
 * @throws ApiError `NOT_A_FUNCTION` or `ASYNC_FUNCTION`.
 * @example
 * const job = defineJob('keyed-once', (env) => {
 *   const sums = env
 *     .fromElements({ user: 'ann', n: 1 }, { user: 'ann', n: 2 })
 *     .keyBy((event) => event.user)
 *     .sum('n')
 *   reinterpretAsKeyedStream(sums, (event) => event.user)
 *     .max('n')
 *     .collect('max')
 * })
 * planJob(job).plan.jobGraph.vertices.length // -> 2
 * const result = await runInSimulation(job)
 * result.collected('max') // -> [{ user: 'ann', n: 1 }, { user: 'ann', n: 3 }]
 */
export function reinterpretAsKeyedStream<T, K>(
  stream: DataStream<T>,
  keySelector: KeySelector<T, K>,
): KeyedStream<T, K> {
  checkFunction(keySelector, [], true, callOf('reinterpretAsKeyedStream'))
  const { topology } = stream
  const forward = topology.partition(stream.transformation, { kind: 'FORWARD' })
  return topology.streams.keyedStream(topology, forward, keySelector)
}
