import type { AnswerMemory } from './answer-memory.ts'

/** Where reads go while no large answer is under way. Most answers fit in whole. */
const scratchBytes = 64 * 1024
/** What says that it is longer is hardly an answer of Kafka: nothing of that size is set aside for it. */
const answerBytesMax = 256 * 1024 * 1024
const sizeBytes = 4

/**
 * Cuts what a broker sends into answers, each with its size of four bytes in front, in memory of its own, which for large ones is of `memory`. The socket reads into
 * the place that `room` answers: the rest of a large answer goes right where it belongs, in as few reads as the system
 * allows, without a buffer for each read that is joined with the others later. Bench: driver.bench.ts.
 */
export class AnswerAssembler {
  readonly #emit: (answer: Buffer) => void
  readonly #memory: AnswerMemory
  readonly #scratch: Buffer = Buffer.allocUnsafeSlow(scratchBytes)
  /** How much of the scratch buffer is taken by an answer that has only begun. */
  #begun = 0
  #answer: Buffer | undefined
  #filled = 0

  constructor(memory: AnswerMemory, emit: (answer: Buffer) => void) {
    this.#memory = memory
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
        this.#emit(Buffer.from(bytes.subarray(at, end)))
        at = end
      } else if (length <= end - at) {
        this.#emit(Buffer.from(bytes.subarray(at, at + length)))
        at += length
      } else {
        this.#answer = this.#memory.take(length)
        bytes.copy(this.#answer, 0, at, end)
        this.#filled = end - at
        at = end
      }
    }
    this.#begun = end - at
    bytes.copyWithin(0, at, end)
  }
}
