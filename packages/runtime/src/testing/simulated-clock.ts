import type { Clock } from '../base/clock.ts'

/** An arbitrary but fixed beginning: 2023-11-14T22:13:20Z. */
const EPOCH_MS = 1_700_000_000_000

/**
 * Virtual time: stands still until the simulation moves it.
 *
 * @example
 * const clock = new SimulatedClock()
 * const fired: number[] = []
 * clock.schedule(1_000, () => fired.push(clock.monotonicMs()))
 * clock.advanceTo(60_000)
 * fired // -> [1_000]
 */
export class SimulatedClock implements Clock {
  #elapsedMs = 0
  readonly #timers: { readonly dueMs: number; readonly callback: () => void }[] = []

  now(): number {
    return EPOCH_MS + Math.floor(this.#elapsedMs)
  }

  monotonicMs(): number {
    return this.#elapsedMs
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs || 0), callback }
    // Kept in order of time; timers of the same time fire in the order in which they were set.
    const later = this.#timers.findIndex((each) => each.dueMs > timer.dueMs)
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer)
    return () => {
      const i = this.#timers.indexOf(timer)
      if (i !== -1) this.#timers.splice(i, 1)
    }
  }

  /**
   * When the next timer is due, on the monotonic clock.
   *
   * @example
   * const clock = new SimulatedClock()
   * clock.schedule(250, () => {})
   * clock.nextDueMs() // -> 250
   */
  nextDueMs(): number {
    return this.#timers[0]?.dueMs ?? Number.POSITIVE_INFINITY
  }

  /**
   * Moves time on and fires what becomes due. Never moves it back.
   *
   * @example
   * const clock = new SimulatedClock()
   * clock.advanceTo(500)
   * clock.monotonicMs() // -> 500
   */
  advanceTo(timeMs: number): void {
    for (let timer = this.#timers[0]; timer !== undefined && timer.dueMs <= timeMs; timer = this.#timers[0]) {
      this.#timers.shift()
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs)
      timer.callback()
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, timeMs)
  }
}
