const sizeMin = 64 * 1024
/** What is kept for answers to come: a few of the largest that fetchers ask for. */
const keptBytesMax = 32 * 1024 * 1024

/**
 * Memory for large answers, used again once nobody looks at an answer any more. Fresh memory for each would cost more than reading it:
 * the system clears every page of it, and the collector goes through the heap whenever some megabytes have come together.
 */
export class AnswerMemory {
  /** Ascending by size. */
  #free: Buffer[] = []
  #freeBytes = 0
  /** What came from here, and is not given back: other memory is not taken. */
  readonly #lent: WeakMap<ArrayBufferLike, Buffer> = new WeakMap<ArrayBufferLike, Buffer>()

  /** `length` bytes with anything in them. */
  take(length: number): Buffer {
    const index = this.#free.findIndex((each) => each.length >= length)
    // By powers of two, so that answers of about the same size fit in the same memory. What is not written to is not real yet.
    const whole = this.#free[index] ?? Buffer.allocUnsafeSlow(Math.max(sizeMin, 2 ** Math.ceil(Math.log2(length))))
    if (index >= 0) {
      this.#free.splice(index, 1)
      this.#freeBytes -= whole.length
    }
    this.#lent.set(whole.buffer, whole)
    return whole.subarray(0, length)
  }

  /** Takes back the memory that an answer is in: nobody may have any part of it any more. */
  giveBack(memory: ArrayBufferLike): void {
    const whole = this.#lent.get(memory)
    if (whole === undefined || !this.#lent.delete(memory)) return
    if (this.#freeBytes + whole.length > keptBytesMax) return
    this.#freeBytes += whole.length
    const index = this.#free.findIndex((each) => each.length > whole.length)
    this.#free.splice(index < 0 ? this.#free.length : index, 0, whole)
  }
}
