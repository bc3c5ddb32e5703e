import { assert } from '../../base/assert.ts'
import type { OutputAvailability, SegmentDecoder, SegmentEncoder, SegmentView } from '../../record/segment-codec.ts'

/**
 * A codec for tests of what is built on codecs: JSON texts, each behind its length. It holds its callers to the contract
 * of `SegmentEncoder` and `SegmentDecoder`, and wipes each segment that was read, so that nobody can live on old bytes.
 */
export class JsonSegmentCodec<T> {
  encoder(): JsonSegmentEncoder<T> {
    return new JsonSegmentEncoder<T>()
  }

  decoder(): JsonSegmentDecoder<T> {
    return new JsonSegmentDecoder<T>()
  }
}

const LENGTH_BYTES = 4

export class JsonSegmentEncoder<T> implements SegmentEncoder<T> {
  #segment: SegmentView | undefined
  #used = 0
  #count = 0

  get recordCount(): number {
    return this.#count
  }

  open(segment: SegmentView): void {
    assert(this.#segment === undefined, () => 'A segment was opened while another is open')
    this.#segment = segment
    this.#used = 0
    this.#count = 0
  }

  write(record: T): boolean {
    assert(this.#segment !== undefined, () => 'A record was written while no segment is open')
    const bytes = this.encodeLarge(record)
    const end = this.#used + LENGTH_BYTES + bytes.length
    if (end > this.#segment.bytes.length) return false
    this.#segment.bytes.set(Uint8Array.of(bytes.length, bytes.length >> 8, bytes.length >> 16, 0), this.#used)
    this.#segment.bytes.set(bytes, this.#used + LENGTH_BYTES)
    this.#used = end
    this.#count++
    return true
  }

  seal(): number {
    assert(this.#segment !== undefined, () => 'A segment was sealed while none is open')
    this.#segment = undefined
    this.#count = 0
    return this.#used
  }

  encodeLarge(record: T): Uint8Array {
    return Buffer.from(JSON.stringify(record))
  }
}

export class JsonSegmentDecoder<T> implements SegmentDecoder<T> {
  #segment: SegmentView | undefined
  #used = 0
  #at = 0

  get exhausted(): boolean {
    return this.#segment === undefined
  }

  open(segment: SegmentView, usedBytes: number): void {
    assert(this.#segment === undefined, () => 'A segment was opened before the one before was exhausted')
    assert(usedBytes > 0, () => 'An empty segment was opened')
    this.#segment = segment
    this.#used = usedBytes
    this.#at = 0
  }

  read(onRecord: (record: T) => void, availability: OutputAvailability, recordsMax: number): number {
    assert(this.#segment !== undefined, () => 'Nothing is open')
    assert(recordsMax > 0, () => `A read of ${recordsMax} records`)
    const { bytes } = this.#segment
    for (let count = 1; ; count++) {
      const at = this.#at
      const length = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
      const start = at + LENGTH_BYTES
      const record = this.decodeLarge(bytes.subarray(start, start + length))
      this.#at = start + length
      if (this.#at >= this.#used) {
        this.#segment = undefined
        bytes.fill(0xee)
      }
      onRecord(record)
      if (this.#segment === undefined || availability.stop || count === recordsMax) return count
    }
  }

  decodeLarge(bytes: Uint8Array): T {
    return JSON.parse(Buffer.from(bytes).toString()) as T
  }
}
