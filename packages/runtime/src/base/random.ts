/** The seam for chance. */
export interface Random {
  /** A uniformly distributed integer in `0 .. bound - 1`. `bound` is an integer in `1 .. 2^31`. */
  below(bound: number): number
}

/**
 * Mulberry32: small, fast, good enough to shuffle and to schedule; not for secrets. The same seed draws the same.
 *
 * @example
 * const [first, second] = [new SeededRandom(7), new SeededRandom(7)]
 * first.below(100) === second.below(100) // -> true
 */
export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * bound)
  }
}
