const LINE_FEED = 10
const EMPTY = Buffer.alloc(0)

/**
 * Trims the bytes of a file to the lines that a byte range owns: those whose first byte lies in
 * `offset .. limit - 1`. The last of them is read to its end, even past the limit, and a line that begins before the
 * range is left to whom it belongs, so ranges that tile a file deliver every line exactly once.
 *
 * Bytes are fed from {@link readFrom} on, one before the range: only that byte tells whether the range begins with a line.
 */
export class LineRange {
  /** Whether the range begins where the file begins. */
  readonly startsFile: boolean
  readonly #limit: number
  #position: number
  #isSkipping: boolean
  #hasEnded = false
  #firstOffset: number

  constructor(offset: number, limit: number) {
    this.startsFile = offset === 0
    this.#limit = limit
    this.#position = LineRange.readFrom(offset)
    this.#isSkipping = offset > 0
    this.#firstOffset = offset
  }

  /** Where reading has to start for a range that begins at `offset`. */
  static readFrom(offset: number): number {
    return Math.max(0, offset - 1)
  }

  /** Whether all bytes of the range were seen: nothing more need be fed. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** The offset of the first byte that belongs to the range; known once a non-empty part was returned. */
  get firstOffset(): number {
    return this.#firstOffset
  }

  /** The part of the next `chunk`, which follows the one before it, that belongs to the range, as a view on it; possibly empty. */
  trim(chunk: Buffer): Buffer {
    if (this.#hasEnded) return EMPTY
    const chunkOffset = this.#position
    this.#position += chunk.length
    let start = 0
    if (this.#isSkipping) {
      const lineFeed = chunk.indexOf(LINE_FEED)
      if (lineFeed < 0) {
        // A line that covers the whole range belongs to nobody here.
        this.#hasEnded = this.#position >= this.#limit
        return EMPTY
      }
      this.#isSkipping = false
      start = lineFeed + 1
      this.#firstOffset = chunkOffset + start
      if (this.#firstOffset >= this.#limit) {
        this.#hasEnded = true
        return EMPTY
      }
    }
    if (this.#position < this.#limit) return chunk.subarray(start)
    // The line that holds the last byte of the range is the last one.
    const lastLineFeed = chunk.indexOf(LINE_FEED, Math.max(start, this.#limit - 1 - chunkOffset))
    if (lastLineFeed < 0) return chunk.subarray(start)
    this.#hasEnded = true
    return chunk.subarray(start, lastLineFeed + 1)
  }
}
