import type { Random } from '../base/random.ts'

/** How many records a subtask handles before its loop looks around. */
export interface Pacing {
  recordsMax(): number
  /** Told after each batch how long it took. */
  took(records: number, elapsedMs: number): void
}

const SLICE_MS = 0.3
const RECORDS_MAX = 65_536

/** Aims at a third of a millisecond a batch: long enough to run at full speed, and short against what the channels hold, so that
 * the subtasks of a slot take turns before one of them runs out of credit and threads work at the same time, not by turns
 * (bench: W2 at parallelism 2). Mail, timers and sockets live, too. */
export class AdaptivePacing implements Pacing {
  #recordsMax = 64

  recordsMax(): number {
    return this.#recordsMax
  }

  took(records: number, elapsedMs: number): void {
    if (elapsedMs > 2 * SLICE_MS) this.#recordsMax = Math.max(1, this.#recordsMax >>> 1)
    else if (elapsedMs < SLICE_MS / 2 && records >= this.#recordsMax) {
      this.#recordsMax = Math.min(RECORDS_MAX, this.#recordsMax << 1)
    }
  }
}

/** For simulation: batches of every small size, so that seeds interleave subtasks between any two records. */
export class RandomPacing implements Pacing {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  recordsMax(): number {
    return 1 + this.#random.below(8)
  }

  took(): void {}
}
