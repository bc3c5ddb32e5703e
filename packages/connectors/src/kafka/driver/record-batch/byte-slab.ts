const slabBytes = 16 * 1024
/** Larger ones get memory of their own: a slab would be spent on a few of them. */
const sharedMax = 2 * 1024

/**
 * Copies small pieces of bytes into memory that many of them share, for an array buffer of its own costs far more than what
 * is in it. Whoever keeps a copy keeps a slab of 16 KiB. Bench: driver.bench.ts.
 */
export class ByteSlab {
  #slab: Uint8Array = new Uint8Array(0)
  #used = 0

  copy(bytes: Buffer, start: number, end: number): Uint8Array {
    const length = end - start
    if (length > sharedMax) return new Uint8Array(bytes.subarray(start, end))
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes)
      this.#used = 0
    }
    const at = this.#used
    bytes.copy(this.#slab, at, start, end)
    this.#used = at + length
    return new Uint8Array(this.#slab.buffer, at, length)
  }
}
