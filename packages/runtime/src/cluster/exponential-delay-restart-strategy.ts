import type { Random } from '../base/random.ts'
import type { RestartStrategy } from './restart-strategy.ts'

export interface ExponentialDelaySettings {
  readonly initialBackoffMs: number
  readonly maxBackoffMs: number
  /** Above 1. */
  readonly backoffMultiplier: number
  /** After running for so long without a failure, everything starts from the beginning. */
  readonly resetThresholdMs: number
  /** From 0 to 1. */
  readonly jitterFactor: number
  /** Until the reset. */
  readonly attemptsMax: number
}

const RANDOM_BOUND = 2 ** 31
/** Exact as a number, also when doubled by the jitter; far above any longest delay. */
const BACKOFF_MAX_MS = 2 ** 51

/** Each delay is longer than the one before, up to a longest one; a job that has run well for long begins again. */
export class ExponentialDelayRestartStrategy implements RestartStrategy {
  readonly description: string
  readonly #settings: ExponentialDelaySettings
  readonly #random: Random
  /** Since the reset. */
  #attempts = 0
  #nextRestartMs = Number.NEGATIVE_INFINITY

  constructor(settings: ExponentialDelaySettings, random: Random) {
    this.#settings = settings
    this.#random = random
    const { initialBackoffMs, maxBackoffMs, backoffMultiplier, resetThresholdMs, jitterFactor, attemptsMax } = settings
    this.description =
      `exponential delay (initial ${initialBackoffMs} ms, max ${maxBackoffMs} ms, multiplier ${backoffMultiplier}, ` +
      `reset after ${resetThresholdMs} ms, jitter ${jitterFactor}, attempts ${attemptsMax})`
  }

  onFailure(nowMs: number): number | undefined {
    const { resetThresholdMs, attemptsMax } = this.#settings
    // A failure before the restart belongs to the same attempt.
    if (nowMs > this.#nextRestartMs) {
      if (nowMs - this.#nextRestartMs >= resetThresholdMs) this.#attempts = 0
      this.#nextRestartMs = nowMs + this.#backoffMs()
      this.#attempts++
    }
    return this.#attempts <= attemptsMax ? this.#nextRestartMs - nowMs : undefined
  }

  #backoffMs(): number {
    const { initialBackoffMs, maxBackoffMs, backoffMultiplier, jitterFactor } = this.#settings
    const backoffMs = Math.floor(Math.min(initialBackoffMs * backoffMultiplier ** this.#attempts, BACKOFF_MAX_MS))
    const jitterMs = Math.floor(backoffMs * jitterFactor)
    const offsetMs = Math.floor((this.#random.below(RANDOM_BOUND) / RANDOM_BOUND) * (2 * jitterMs + 1)) - jitterMs
    return Math.max(initialBackoffMs, Math.min(backoffMs + offsetMs, maxBackoffMs))
  }
}
