import { assert } from '../base/assert.ts'
import type { SegmentView } from '../record/segment-codec.ts'
import { segmentView } from './gate-memory.ts'

/** Private segments kept for reuse, so that a channel that runs out of credit again and again does not allocate. */
const SPARE_SEGMENTS_MAX = 16

/**
 * Bounds what the writers of one subtask hold privately, because the output of one input record can exceed the credit
 * (`pipeline.max-overflow`). Also the source of the private segments.
 */
export class OverflowBudget {
  readonly maxBytes: number
  #usedBytes = 0
  #peakBytes = 0
  readonly #spare: SegmentView[] = []

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** The most that was ever used. */
  get peakBytes(): number {
    return this.#peakBytes
  }

  /** Answers false, and reserves nothing, if the budget does not allow it. */
  reserve(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.maxBytes) return false
    this.#usedBytes += bytes
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes
    return true
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes
    assert(this.#usedBytes >= 0, () => `${bytes} bytes of overflow were released that nobody had reserved`)
  }

  /** A private segment, or undefined if the budget does not allow it. Goes back by `returnSegment`. */
  takeSegment(segmentBytes: number): SegmentView | undefined {
    if (!this.reserve(segmentBytes)) return undefined
    const spare = this.#spare.pop()
    if (spare?.bytes.byteLength === segmentBytes) return spare
    return segmentView(new ArrayBuffer(segmentBytes), 0, segmentBytes)
  }

  returnSegment(segment: SegmentView): void {
    this.release(segment.bytes.byteLength)
    if (this.#spare.length < SPARE_SEGMENTS_MAX) this.#spare.push(segment)
  }
}
