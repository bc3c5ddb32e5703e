/** A number that only grows, seen by name and operator in the metrics of the job. */
export interface Counter {
  /** Adds `n`, 1 if not given. */
  inc(n?: number): void
  count(): number
}

/** A number that goes up and down: a lag, a fill level. */
export interface Gauge {
  set(value: number): void
}

/**
 * What the job shows of a gauge that several subtasks have: the sum (a lag in records), the worst (the lag of the slowest
 * partition), or the least (the time since anything came at all).
 */
export type GaugeAggregation = 'sum' | 'max' | 'min'

/** What a number of several subtasks is: a counter, whose sum is shown, or a gauge. */
export type MetricKind = 'counter' | GaugeAggregation

/** The metrics of one operator in one subtask. */
export interface MetricGroup {
  /**
   * The counter of that name in this operator and subtask; the same one when asked again.
   *
   * @param name - 1 to 256 characters, and not made of the data: a subtask has at most 250 counters.
   * @throws MetricError `INVALID_COUNTER_NAME`, `TOO_MANY_COUNTERS`.
   */
  counter(name: string): Counter
  /**
   * As `counter`, whose names and number it shares.
   *
   * @param aggregation - `sum` unless given.
   */
  gauge(name: string, aggregation?: GaugeAggregation): Gauge
}
