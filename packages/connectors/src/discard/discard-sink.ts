import type { Sink, SinkWriter } from '@millrace/runtime/connector'

/**
 * Drops every record: for jobs that are run for their side outputs, their counters or their speed.
 *
 * @example
 * const job = defineJob('discard', (env) => {
 *   env.fromSequence(1, 3).sinkTo(new DiscardSink())
 * })
 * const result = await runInSimulation(job)
 * result.metrics.vertices.map(({ recordsOut }) => recordsOut) // -> [3]
 */
export class DiscardSink<T> implements Sink<T> {
  createWriter(): SinkWriter<T> {
    return { write: () => {} }
  }
}
