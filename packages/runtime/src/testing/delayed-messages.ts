import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'

/** One direction of a connection: messages take some virtual time, and keep their order. */
export class DelayedMessages<T> {
  readonly #clock: Clock
  readonly #random: Random
  readonly #delayMsMax: number
  /** Few: slots and coordinator take what has arrived in a step or two. */
  #messages: { readonly message: T; readonly dueMs: number }[] = []
  #lastDueMs = 0

  constructor(clock: Clock, random: Random, delayMsMax: number) {
    this.#clock = clock
    this.#random = random
    this.#delayMsMax = delayMsMax
  }

  put(message: T): void {
    const delayMs = this.#delayMsMax === 0 ? 0 : (this.#random.below(1_000) / 1_000) * this.#delayMsMax
    this.#lastDueMs = Math.max(this.#lastDueMs, this.#clock.monotonicMs() + delayMs)
    this.#messages.push({ message, dueMs: this.#lastDueMs })
  }

  /** When the next one arrives, on the monotonic clock; Infinity if there is none. */
  get dueMs(): number {
    return this.#messages[0]?.dueMs ?? Number.POSITIVE_INFINITY
  }

  take(): T {
    return this.#messages.shift()!.message
  }

  clear(): void {
    this.#messages = []
  }
}
