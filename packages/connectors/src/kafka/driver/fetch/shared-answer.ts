import type { AnswerMemory } from '../connection/answer-memory.ts'

/**
 * An answer whose memory several partitions share. When all of them are through with it, the memory goes back, unless bytes
 * of it were handed out: these stay as they are for as long as somebody has them.
 */
export class SharedAnswer {
  readonly #memory: AnswerMemory
  #bytes: ArrayBufferLike | undefined
  #hasLent = false
  /** Whoever takes the answer apart is the first. */
  #users = 1

  constructor(memory: AnswerMemory) {
    this.#memory = memory
  }

  /** All of them are parts of one buffer. */
  use(bytes: Buffer): void {
    this.#bytes ??= bytes.buffer
    this.#users++
  }

  /** `hasLent`: somebody may still look at some of the bytes. */
  release(hasLent: boolean): void {
    this.#users--
    this.#hasLent ||= hasLent
    if (this.#users === 0 && !this.#hasLent && this.#bytes !== undefined) this.#memory.giveBack(this.#bytes)
  }
}
