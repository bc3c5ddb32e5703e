import type { GeneralDecoder } from './general-decoder.ts'
import { corrupt } from './record-error.ts'
import type { RowReader, RowStore } from './row-reader.ts'
import type { SegmentView } from './segment-codec.ts'
import { blockHeaderWords, defineLayout, definitionHeaderWords, runHeaderWords, wordsOf } from './segment-format.ts'

/** A run that begins, or a layout that is defined. */
export type SegmentItem =
  | { readonly kind: 'run'; readonly layoutId: number }
  | { readonly kind: 'definition'; readonly layoutId: number; readonly text: string }

/** Reads the blocks of one segment; checks every length, so that garbage is a RecordError. */
export class SegmentReader implements RowStore {
  int32: Int32Array = new Int32Array(0)
  view: DataView = new DataView(new ArrayBuffer(0))
  at = 0
  end = 0
  blob = ''
  cut = 0
  left = 0
  next = 0
  readonly #general: GeneralDecoder
  #buffer: Buffer = Buffer.alloc(0)
  #nextBlockAt = 0
  #used = 0

  constructor(general: GeneralDecoder) {
    this.#general = general
  }

  open(segment: SegmentView, usedBytes: number): void {
    const { buffer, byteOffset, length } = segment.bytes
    if (usedBytes > length || (usedBytes & 3) !== 0) throw corrupt(`${usedBytes} bytes used of ${length}`)
    this.int32 = segment.int32
    this.view = new DataView(buffer, byteOffset, length)
    this.#buffer = Buffer.from(buffer as ArrayBuffer, byteOffset, length)
    this.#used = usedBytes >> 2
    this.#nextBlockAt = 0
    this.at = 0
    this.end = 0
    this.left = 0
  }

  /** Whether every record was handed over. (A definition never comes last.) */
  get exhausted(): boolean {
    return this.left === 0 && this.at >= this.end && this.#nextBlockAt >= this.#used
  }

  /** What comes next, or undefined at the end. The caller has read the run before. */
  nextItem(): SegmentItem | undefined {
    while (this.at >= this.end) {
      if (this.#nextBlockAt >= this.#used) return undefined
      this.#openBlock(this.#nextBlockAt)
    }
    if (this.at + runHeaderWords > this.end) this.corrupt()
    const layoutId = this.int32[this.at]!
    if (layoutId === defineLayout) return this.#definition()
    const count = this.int32[this.at + 1]!
    this.at += runHeaderWords
    // Each row takes at least a word.
    if (count < 1 || count > this.end - this.at) this.corrupt()
    this.left = count
    return { kind: 'run', layoutId }
  }

  generic(at: number): unknown {
    if (at >= this.end) this.corrupt()
    const start = (at + 1) << 2
    const length = this.#length(this.int32[at]!, at)
    return this.#general.decode(this.#buffer, start, start + length)
  }

  bytes(at: number): Uint8Array {
    if (at >= this.end) this.corrupt()
    const header = this.int32[at]!
    const start = (at + 1) << 2
    const length = this.#length(header >> 1, at)
    const copy = new Uint8Array(length)
    copy.set(this.#buffer.subarray(start, start + length))
    return (header & 1) === 1 ? Buffer.from(copy.buffer) : copy
  }

  bigint(at: number): bigint {
    if (at + 3 > this.end) this.corrupt()
    if (this.int32[at] === 0) {
      this.next = at + 3
      return this.view.getBigInt64((at + 1) << 2, true)
    }
    const value = this.generic(at + 1)
    return typeof value === 'bigint' ? value : this.corrupt()
  }

  corrupt(): never {
    throw corrupt('a row reaches beyond its block, or is not of its layout', { at: this.at, end: this.end })
  }

  #length(length: number, at: number): number {
    if (length < 0 || wordsOf(length) > this.end - at - 1) this.corrupt()
    this.next = at + 1 + wordsOf(length)
    return length
  }

  #definition(): SegmentItem {
    const { at, int32 } = this
    const start = at + definitionHeaderWords
    const layoutId = int32[at + 1]!
    const length = int32[at + 2] ?? -1
    if (length < 0 || start + wordsOf(length) > this.end) this.corrupt()
    this.at = start + wordsOf(length)
    if (this.at >= this.end) this.corrupt()
    return { kind: 'definition', layoutId, text: this.#buffer.toString('utf8', start << 2, (start << 2) + length) }
  }

  #openBlock(at: number): void {
    const start = at + blockHeaderWords
    const end = this.int32[at] ?? 0
    const chars = this.int32[at + 1] ?? -1
    const width = this.int32[at + 2] ?? -1
    if (end <= start || end > this.#used || chars < 0 || width < 0 || width > 2) this.corrupt()
    const blobStart = end << 2
    const blobEnd = blobStart + chars * width
    if (blobEnd > this.#used << 2) this.corrupt()
    this.blob = width === 0 ? '' : this.#buffer.toString(width === 1 ? 'latin1' : 'utf16le', blobStart, blobEnd)
    this.cut = 0
    this.at = start
    this.end = end
    this.#nextBlockAt = end + wordsOf(chars * width)
  }
}

/** Reads rows of the general layout. */
export const readGeneralRows: RowReader = (store, onRecord, availability, recordsMax) => {
  let done = 0
  while (store.left > 0 && done < recordsMax) {
    const record = store.generic(store.at)
    store.at = store.next
    store.left--
    done++
    onRecord(record)
    if (availability.stop) break
  }
  return done
}
