import type { Clock } from '../base/clock.ts'

type Share = 'busy' | 'backPressured' | 'idle'

/** Divides a subtask's time into working, waiting for output and waiting for input. */
export class TimeShares {
  readonly totals = { busyMs: 0, backPressuredMs: 0, idleMs: 0 }
  readonly #clock: Clock
  #untilMs: number
  #waiting: 'backPressured' | 'idle' = 'idle'

  constructor(clock: Clock) {
    this.#clock = clock
    this.#untilMs = clock.monotonicMs()
  }

  /** A visit began at `startMs` and has just ended; what came before it was waiting for what it last waited for. */
  add(startMs: number, share: Share): void {
    const now = this.#clock.monotonicMs()
    this.#wait(startMs - this.#untilMs)
    this.#untilMs = now
    if (share === 'busy') {
      this.totals.busyMs += now - startMs
    } else {
      this.#waiting = share
      this.#wait(now - startMs)
    }
  }

  #wait(elapsedMs: number): void {
    if (this.#waiting === 'idle') this.totals.idleMs += elapsedMs
    else this.totals.backPressuredMs += elapsedMs
  }
}
