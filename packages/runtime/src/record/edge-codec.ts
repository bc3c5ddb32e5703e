import { GeneralDecoder } from './general-decoder.ts'
import { GeneralEncoder } from './general-encoder.ts'
import { corrupt } from './record-error.ts'
import type { OutputAvailability, SegmentDecoder, SegmentEncoder, SegmentView } from './segment-codec.ts'
import type { TypeInformation } from './type-information.ts'
import type { TypeRegistry } from './type-registry.ts'

export interface EdgeCodecOptions<T> {
  /** The declared type of the records. Without it the codec infers their layouts. */
  readonly type?: TypeInformation<T> | undefined
  readonly registry?: TypeRegistry | undefined
  /** False after `disableGenericTypes()`. */
  readonly genericTypes: boolean
  /** Names the edge, for messages. */
  readonly describe: () => string
}

/** How the records of one edge become bytes. */
export interface EdgeCodec<T> {
  /** One for each channel. */
  encoder(): SegmentEncoder<T>
  /** One for each channel. */
  decoder(): SegmentDecoder<T>
}

export function createEdgeCodec<T>(options: EdgeCodecOptions<T>): EdgeCodec<T> {
  return {
    encoder: () => new GeneralSegmentEncoder<T>(options),
    decoder: () => new GeneralSegmentDecoder<T>(options),
  }
}

class GeneralSegmentEncoder<T> implements SegmentEncoder<T> {
  readonly #general: GeneralEncoder
  #segment: SegmentView | undefined
  #at = 0
  #count = 0

  constructor(options: EdgeCodecOptions<T>) {
    this.#general = new GeneralEncoder({
      registry: options.registry,
      attempt: () => `Cannot send a record ${options.describe()}`,
    })
  }

  get recordCount(): number {
    return this.#count
  }

  open(segment: SegmentView): void {
    this.#segment = segment
    this.#at = 0
    this.#count = 0
  }

  write(record: T): boolean {
    const segment = this.#segment!
    const encoded = this.#general.encode(record)
    const start = this.#at + 4
    const end = (start + encoded.length + 3) & ~3
    if (end > segment.bytes.length) return false
    segment.int32[this.#at >> 2] = encoded.length
    segment.bytes.set(encoded, start)
    this.#at = end
    this.#count++
    return true
  }

  seal(): number {
    return this.#at
  }

  encodeLarge(record: T): Uint8Array {
    return this.#general.encode(record).slice()
  }
}

class GeneralSegmentDecoder<T> implements SegmentDecoder<T> {
  readonly #general: GeneralDecoder
  #buffer: Buffer = Buffer.alloc(0)
  #int32: Int32Array = new Int32Array(0)
  #at = 0
  #end = 0

  constructor(options: EdgeCodecOptions<T>) {
    this.#general = new GeneralDecoder(options.registry)
  }

  get exhausted(): boolean {
    return this.#at >= this.#end
  }

  open(segment: SegmentView, usedBytes: number): void {
    this.#buffer = Buffer.from(segment.bytes.buffer, segment.bytes.byteOffset, segment.bytes.length)
    this.#int32 = segment.int32
    this.#at = 0
    this.#end = usedBytes
    if (usedBytes > segment.bytes.length) throw corrupt(`${usedBytes} bytes used of ${segment.bytes.length}`)
  }

  read(onRecord: (record: T) => void, availability: OutputAvailability, recordsMax: number): number {
    let count = 0
    while (this.#at < this.#end && count < recordsMax) {
      const start = this.#at + 4
      const end = start + (this.#int32[this.#at >> 2] ?? -1)
      const record = this.#general.decode(this.#buffer, start, end)
      this.#at = (end + 3) & ~3
      count++
      onRecord(record as T)
      if (availability.stop) break
    }
    return count
  }

  decodeLarge(bytes: Uint8Array): T {
    return this.#general.decode(bytes) as T
  }
}
