/** A number that only grows, seen by name and operator in the metrics of the job. */
export interface Counter {
  /** Adds `n`, 1 if not given. */
  inc(n?: number): void
  count(): number
}

/** The metrics of one operator in one subtask. */
export interface MetricGroup {
  /** The counter of that name in this operator and subtask; the same one when asked again. */
  counter(name: string): Counter
}
