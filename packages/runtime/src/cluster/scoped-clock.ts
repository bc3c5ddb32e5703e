import type { Clock } from '../base/clock.ts'

/**
 * A clock for user code on the coordinator: its timers end with their owner, and what a callback throws is reported
 * instead of ending the whole program.
 */
export class ScopedClock implements Clock {
  readonly #clock: Clock
  readonly #onError: (error: unknown) => void
  readonly #cancellations = new Set<() => void>()
  #closed = false

  constructor(clock: Clock, onError: (error: unknown) => void) {
    this.#clock = clock
    this.#onError = onError
  }

  now(): number {
    return this.#clock.now()
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs()
  }

  schedule(delayMs: number, callback: () => void): () => void {
    if (this.#closed) return () => {}
    const cancelTimer = this.#clock.schedule(delayMs, () => {
      this.#cancellations.delete(cancel)
      try {
        callback()
      } catch (error) {
        this.#onError(error)
      }
    })
    const cancel = (): void => {
      this.#cancellations.delete(cancel)
      cancelTimer()
    }
    this.#cancellations.add(cancel)
    return cancel
  }

  /** Cancels every timer; later ones are never set. */
  close(): void {
    this.#closed = true
    for (const cancel of [...this.#cancellations]) cancel()
  }
}
