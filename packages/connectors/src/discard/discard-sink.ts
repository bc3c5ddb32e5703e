import type { Sink, SinkWriter } from '@millrace/runtime/connector'

/**
 * Drops every record: for jobs that are run for their side outputs, their counters or their speed.
 *
 * @example
 * ```ts
 * stream.sinkTo(new DiscardSink())
 * ```
 */
export class DiscardSink<T> implements Sink<T> {
  createWriter(): SinkWriter<T> {
    return { write: () => {} }
  }
}
