import type { GeneralDecoder } from './general-decoder.ts'
import { corrupt } from './record-error.ts'
import type { RowReader } from './row-reader.ts'
import type { OutputAvailability, SegmentDecoder, SegmentView } from './segment-codec.ts'
import { generalLayoutId } from './segment-format.ts'
import { readGeneralRows, SegmentReader } from './segment-reader.ts'

/** An encoder never gives a layout a number beyond this. */
const layoutIdMax = 1 << 16

/** Reads the segments of one channel. */
export class EdgeDecoder<T> implements SegmentDecoder<T> {
  readonly #segment: SegmentReader
  readonly #large: SegmentReader
  readonly #readerOf: (definition: string) => RowReader
  readonly #readers = new Map<number, RowReader>([[generalLayoutId, readGeneralRows]])
  #reader: RowReader = readGeneralRows

  /** `known`: the layout that needs no definition. */
  constructor(
    general: GeneralDecoder,
    readerOf: (definition: string) => RowReader,
    known?: readonly [number, RowReader],
  ) {
    this.#segment = new SegmentReader(general)
    this.#large = new SegmentReader(general)
    this.#readerOf = readerOf
    if (known !== undefined) this.#readers.set(known[0], known[1])
  }

  get exhausted(): boolean {
    return this.#segment.exhausted
  }

  open(segment: SegmentView, usedBytes: number): void {
    this.#segment.open(segment, usedBytes)
  }

  read(onRecord: (record: T) => void, availability: OutputAvailability, recordsMax: number): number {
    const segment = this.#segment
    let count = 0
    while (count < recordsMax && (segment.left > 0 || this.#nextRun(segment))) {
      count += this.#reader(segment, onRecord as (record: unknown) => void, availability, recordsMax - count)
      if (availability.stop) break
    }
    return count
  }

  decodeLarge(bytes: Uint8Array): T {
    const copy = new Uint8Array((bytes.length + 7) & ~7)
    copy.set(bytes)
    const large = this.#large
    const view = { bytes: copy, int32: new Int32Array(copy.buffer), float64: new Float64Array(copy.buffer) }
    large.open(view, bytes.length)
    const records: unknown[] = []
    const reader = this.#reader
    try {
      while (this.#nextRun(large)) {
        this.#reader(large, (record) => records.push(record), { stop: false }, 2)
        if (records.length > 1) throw corrupt('more than one large record')
      }
    } finally {
      this.#reader = reader
    }
    if (records.length !== 1) throw corrupt('no large record')
    return records[0] as T
  }

  /** Finds the reader of the next run. False at the end. */
  #nextRun(segment: SegmentReader): boolean {
    for (;;) {
      const item = segment.nextItem()
      if (item === undefined) return false
      if (item.kind === 'definition') {
        if (!(item.layoutId > 0 && item.layoutId <= layoutIdMax))
          throw corrupt(`a layout with the number ${item.layoutId}`)
        this.#readers.set(item.layoutId, this.#readerOf(item.text))
        continue
      }
      const reader = this.#readers.get(item.layoutId)
      if (reader === undefined) throw corrupt(`layout ${item.layoutId} was not defined`)
      this.#reader = reader
      return true
    }
  }
}
