import type { Clock } from '../base/clock.ts'
import type { CheckpointSettings } from './checkpoint-coordinator-parts.ts'

/**
 * When the next checkpoint is due: an interval after the start of the last, and a pause after its end. Rings once when it
 * is, and then waits to be told what came of it.
 */
export class CheckpointSchedule {
  readonly #clock: Clock
  readonly #minPauseMs: number
  /** Undefined: none is ever due. */
  readonly #periodMs: number | undefined
  readonly #ring: () => void
  #dueMs = Number.POSITIVE_INFINITY
  #pauseEndMs = 0
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock, settings: Pick<CheckpointSettings, 'intervalMs' | 'minPauseMs'>, ring: () => void) {
    const { intervalMs, minPauseMs } = settings
    this.#clock = clock
    this.#minPauseMs = minPauseMs
    this.#periodMs = intervalMs === undefined ? undefined : Math.max(intervalMs, minPauseMs)
    this.#ring = ring
  }

  /** One is due, and the pause is over. */
  get isDue(): boolean {
    return this.#clock.monotonicMs() >= this.#nextMs
  }

  /** One begins now, or would have begun but cannot: the next is due an interval later. */
  restart(): void {
    this.#dueMs = this.#periodMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonicMs() + this.#periodMs
  }

  /** One has ended: the pause begins. */
  pause(): void {
    this.#pauseEndMs = this.#clock.monotonicMs() + this.#minPauseMs
  }

  /** Rings when one is due; at once is later, too. */
  arm(): void {
    this.disarm()
    const waitMs = this.#nextMs - this.#clock.monotonicMs()
    if (waitMs === Number.POSITIVE_INFINITY) return
    this.#cancelTimer = this.#clock.schedule(Math.max(0, waitMs), () => {
      this.#cancelTimer = undefined
      this.#ring()
    })
  }

  disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  get #nextMs(): number {
    return Math.max(this.#dueMs, this.#pauseEndMs)
  }
}
