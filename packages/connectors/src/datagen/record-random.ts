import type { Random } from '@millrace/runtime/connector'

/** What a generator draws from: the same for the same seed and record, whichever subtask makes the record. */
export interface RecordRandom extends Random {
  /** A uniformly distributed integer in `0 .. bound - 1`. `bound` is an integer in `1 .. 2^31`. */
  below(bound: number): number
  /** A uniformly distributed number in `0 <= x < 1`, with 53 random bits. */
  double(): number
}

/**
 * A counter-based generator (SplitMix with 32 bits): a draw is a mixture of the seed, the index of the record and the
 * number of the draw, so that no state has to be carried from record to record.
 */
export class SeededRecordRandom implements RecordRandom {
  readonly #seed: number
  #state = 0
  // Not #private: the middle tier of V8 stores into private fields by a call, and these are set for each record.
  private index = 0
  private hasDrawn = false

  constructor(seed: number) {
    this.#seed = mix(seed | 0)
  }

  /** Turns to the record at `index`. Costs next to nothing for records that draw nothing. */
  start(index: number): void {
    this.index = index
    this.hasDrawn = false
  }

  below(bound: number): number {
    return Math.floor((this.#next() / 4294967296) * bound)
  }

  double(): number {
    const high = this.#next() >>> 5
    const low = this.#next() >>> 6
    return (high * 67108864 + low) / 9007199254740992
  }

  #next(): number {
    if (!this.hasDrawn) {
      this.hasDrawn = true
      // Both halves of the index count, so that long streams do not repeat after 2^32 records.
      this.#state = mix(mix(this.#seed ^ (this.index | 0)) ^ Math.floor(this.index / 4294967296))
    }
    this.#state = (this.#state + 0x9e3779b9) | 0
    return mix(this.#state) >>> 0
  }
}

function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
