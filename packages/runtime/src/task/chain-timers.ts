import type { Clock } from '../base/clock.ts'
import type { TimerWork } from '../operators/generated-operator.ts'
import type { Chain } from './chain.ts'

/** The timers of a chain's operators. */
export class ChainTimers {
  readonly #timers: readonly TimerWork[]
  readonly #clock: Clock

  constructor(chain: Chain, clock: Clock) {
    this.#timers = chain.operators.flatMap((operator) => operator?.timers ?? [])
    this.#clock = clock
  }

  /** Fires some of those that are due, while output is available. Answers whether any did. */
  fire(): boolean {
    if (this.#timers.length === 0) return false
    const nowMs = this.#clock.now()
    let fired = false
    for (const timers of this.#timers) if (timers.nextDueMs() <= nowMs && timers.fire(nowMs)) fired = true
    return fired
  }

  /** In how many milliseconds the earliest is due; Infinity if there is none. */
  dueInMs(): number {
    if (this.#timers.length === 0) return Number.POSITIVE_INFINITY
    let earliest = Number.POSITIVE_INFINITY
    for (const timers of this.#timers) earliest = Math.min(earliest, timers.nextDueMs())
    return Math.max(0, earliest - this.#clock.now())
  }
}
