import type { Clock } from '@millrace/runtime/connector'
import { SimulatedClock } from '@millrace/runtime/testing'

/**
 * Time passes by waiting alone: whoever waits goes on at once, however busy the machine is. Timeouts of requests pass only when
 * the test says so.
 */
export class WaitingClock implements Clock {
  readonly waits: number[] = []
  readonly #time = new SimulatedClock()
  readonly #timeoutMs: number
  readonly #timeouts = new Set<() => void>()

  /** What is scheduled for `timeoutMs` is a timeout. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  now(): number {
    return this.#time.now()
  }

  monotonicMs(): number {
    return this.#time.monotonicMs()
  }

  schedule(delayMs: number, callback: () => void): () => void {
    if (delayMs === this.#timeoutMs) {
      this.#timeouts.add(callback)
      return () => this.#timeouts.delete(callback)
    }
    this.waits.push(delayMs)
    this.#time.advanceTo(this.#time.monotonicMs() + delayMs)
    queueMicrotask(callback)
    return () => {}
  }

  /** All that are under way. */
  passTimeouts(): void {
    for (const timeout of this.#timeouts) timeout()
  }
}
