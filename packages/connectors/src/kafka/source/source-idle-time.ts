import type { Clock, Gauge, MetricGroup } from '@millrace/runtime/connector'

const intervalMs = 1_000

/**
 * `sourceIdleTime`, as Flink has it: for how many milliseconds no record has come, 0 while they do. Nobody polls a reader that
 * waits, so the number goes on by a timer, at which other gauges may be looked at as well. Of several subtasks the least is shown:
 * one that has no partition says nothing about the source.
 */
export class SourceIdleTime {
  readonly #gauge: Gauge
  readonly #clock: Clock
  readonly #onTick: () => void
  #sinceMs: number | undefined
  #cancel: () => void = () => {}

  constructor(metrics: MetricGroup, clock: Clock, onTick: () => void) {
    this.#gauge = metrics.gauge('sourceIdleTime', 'min')
    this.#clock = clock
    this.#onTick = onTick
  }

  /** There is no record at hand. Repeating it has no effect. */
  begin(): void {
    if (this.#sinceMs !== undefined) return
    this.#sinceMs = this.#clock.monotonicMs()
    this.#tickLater(this.#sinceMs)
  }

  /** A record has come, or none will any more. */
  end(): void {
    if (this.#sinceMs === undefined) return
    this.#cancel()
    this.#sinceMs = undefined
    this.#gauge.set(0)
  }

  #tickLater(sinceMs: number): void {
    this.#cancel = this.#clock.schedule(intervalMs, () => {
      this.#gauge.set(Math.round(this.#clock.monotonicMs() - sinceMs))
      this.#onTick()
      this.#tickLater(sinceMs)
    })
  }
}
