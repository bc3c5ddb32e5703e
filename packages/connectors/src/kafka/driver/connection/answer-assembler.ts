/** Where reads go while no large answer is under way. Most answers fit in whole. */
const scratchBytes = 64 * 1024
/** What says that it is longer is hardly an answer of Kafka: nothing of that size is set aside for it. */
const answerBytesMax = 256 * 1024 * 1024
const sizeBytes = 4

/**
 * Cuts what a broker sends into answers, each with its size of four bytes in front, in memory of its own. The socket reads into
 * the place that `room` answers: the rest of a large answer goes right where it belongs, in as few reads as the system
 * allows, without a buffer for each read that is joined with the others later. Bench: driver.bench.ts.
 */
export class AnswerAssembler {
  readonly #emit: (answer: Buffer) => void
  readonly #scratch: Buffer = Buffer.allocUnsafeSlow(scratchBytes)
  /** How much of the scratch buffer is taken by an answer that has only begun. */
  #begun = 0
  #answer: Buffer | undefined
  #filled = 0

  constructor(emit: (answer: Buffer) => void) {
    this.#emit = emit
  }

  /** Never empty. It counts until the next `take`. */
  room(): Buffer {
    return this.#answer?.subarray(this.#filled) ?? this.#scratch.subarray(this.#begun)
  }

  /** The first `count` bytes of `room` have been read. */
  take(count: number): void {
    const answer = this.#answer
    if (answer === undefined) {
      this.#cut(this.#begun + count)
      return
    }
    this.#filled += count
    if (this.#filled < answer.length) return
    this.#answer = undefined
    this.#emit(answer)
  }

  #cut(end: number): void {
    const bytes = this.#scratch
    let at = 0
    while (end - at >= sizeBytes) {
      const length = sizeBytes + bytes.readInt32BE(at)
      if (length < sizeBytes || length > answerBytesMax) {
        // Whoever reads answers makes of it what it can.
        this.#emit(copied(bytes, at, end, end - at))
        at = end
      } else if (length <= end - at) {
        this.#emit(copied(bytes, at, at + length, length))
        at += length
      } else {
        this.#answer = copied(bytes, at, end, length)
        this.#filled = end - at
        at = end
      }
    }
    this.#begun = end - at
    bytes.copyWithin(0, at, end)
  }
}

function copied(bytes: Buffer, start: number, end: number, length: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(length)
  bytes.copy(copy, 0, start, end)
  return copy
}
