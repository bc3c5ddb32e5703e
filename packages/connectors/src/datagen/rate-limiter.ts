import type { Clock } from '@millrace/runtime/connector'

/** What was missed while nobody asked, up to so many milliseconds, is made up for at once. */
const BURST_MS = 100

/** Admits records at a steady rate. */
export class RateLimiter {
  readonly #clock: Clock
  readonly #perMs: number
  readonly #permitsMax: number
  #permits = 1
  #countedAtMs: number
  #cancelTimer: (() => void) | undefined

  constructor(recordsPerSecond: number, clock: Clock) {
    this.#clock = clock
    this.#perMs = recordsPerSecond / 1000
    this.#permitsMax = Math.max(1, this.#perMs * BURST_MS)
    this.#countedAtMs = clock.monotonicMs()
  }

  /** How many records may be made now. */
  permits(): number {
    const nowMs = this.#clock.monotonicMs()
    this.#permits = Math.min(this.#permitsMax, this.#permits + (nowMs - this.#countedAtMs) * this.#perMs)
    this.#countedAtMs = nowMs
    return Math.floor(this.#permits)
  }

  /** Records were made, no more than there were permits. */
  spend(recordCount: number): void {
    this.#permits -= recordCount
  }

  /** Calls `callback` when there is a permit again. Only the last one asked for is called. */
  whenPermitted(callback: () => void): void {
    this.cancel()
    const missingMs = (1 - this.#permits) / this.#perMs
    this.#cancelTimer = this.#clock.schedule(Math.max(1, Math.ceil(missingMs)), callback)
  }

  cancel(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
