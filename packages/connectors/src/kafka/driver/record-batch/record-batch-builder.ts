import { assert } from '@millrace/runtime/connector'
import { crc32c } from '@node-rs/crc32'
import * as layout from './batch-layout.ts'
import { type Compression, compress, compressionCode } from './compression.ts'
import { asciiRoom, utf8Length, varintLength, writeAscii, writeUtf8 } from './record-encoding.ts'
import type { RecordHeader } from './record-header.ts'

/** What goes into the head of a batch beside its records. */
export interface BatchSeal {
  readonly compression: Compression
  /** -1 without an identity. */
  readonly producerId: number
  readonly epoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
}

/** Of the length of a record. */
const varintLengthMax = 5

/** What a record may be made of: text is written as UTF-8. */
export type RecordBytes = string | Uint8Array | null

/**
 * One record batch (version 2) that is being filled, in one buffer, record after record, without an object for any of
 * them. Bench: driver.bench.ts.
 */
export class RecordBatchBuilder {
  #bytes: Buffer
  #end: number = layout.recordsAt
  #count = 0
  #baseTimestamp = 0
  #maxTimestamp = 0

  constructor(initialBytes = 16_384) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(initialBytes, 128))
  }

  get recordCount(): number {
    return this.#count
  }

  /** Of the whole batch as it would be now, uncompressed. */
  get sizeBytes(): number {
    return this.#end
  }

  /** For the next batch, in the same memory. Only when nobody sends the bytes of this one any more. */
  reset(): void {
    this.#end = layout.recordsAt
    this.#count = 0
  }

  append(timestampMs: number, key: RecordBytes, value: RecordBytes, headers: readonly RecordHeader[] = []): void {
    if (this.#count === 0) {
      this.#baseTimestamp = timestampMs
      this.#maxTimestamp = timestampMs
    } else if (timestampMs > this.#maxTimestamp) {
      this.#maxTimestamp = timestampMs
    }
    const timestampDelta = timestampMs - this.#baseTimestamp
    if (headers.length > 0 || !this.#appendAscii(timestampDelta, key, value)) {
      this.#appendAny(timestampDelta, key, value, headers)
    }
    this.#count++
  }

  /** Takes texts to be ASCII, so that each is gone through once; false, and nothing is appended, if one is not. */
  #appendAscii(timestampDelta: number, key: RecordBytes, value: RecordBytes): boolean {
    const start = this.#end
    const keyLength = key === null ? -1 : key.length
    const valueLength = value === null ? -1 : value.length
    this.#putHead(timestampDelta, keyLength, valueLength, 1)
    if (this.#putAscii(key, keyLength) && this.#putAscii(value, valueLength)) {
      this.#bytes[this.#end++] = 0
      return true
    }
    this.#end = start
    return false
  }

  #appendAny(timestampDelta: number, key: RecordBytes, value: RecordBytes, headers: readonly RecordHeader[]): void {
    const keyLength = lengthOf(key)
    const valueLength = lengthOf(value)
    let headersLength = varintLength(headers.length)
    for (let i = 0; i < headers.length; i++) headersLength += headerLength(headers[i]!)
    this.#putHead(timestampDelta, keyLength, valueLength, headersLength)
    this.#putBytes(key, keyLength)
    this.#putBytes(value, valueLength)
    this.#putVarint(headers.length)
    for (let i = 0; i < headers.length; i++) {
      const header = headers[i]!
      this.#putBytes(header.key, utf8Length(header.key))
      this.#putBytes(header.value, lengthOf(header.value))
    }
  }

  /** Makes room for the whole record, and writes what comes before its key. */
  #putHead(timestampDelta: number, keyLength: number, valueLength: number, headersLength: number): void {
    let length =
      1 +
      varintLength(timestampDelta) +
      varintLength(this.#count) +
      varintLength(keyLength) +
      varintLength(valueLength) +
      headersLength
    if (keyLength > 0) length += keyLength
    if (valueLength > 0) length += valueLength
    this.#reserve(length + varintLengthMax + asciiRoom)
    this.#putVarint(length)
    this.#bytes[this.#end++] = 0
    this.#putVarint(timestampDelta)
    this.#putVarint(this.#count)
  }

  /** The finished batch. Uncompressed it is a view of this builder's memory, else a new buffer. */
  seal(seal: BatchSeal): Buffer {
    assert(this.#count > 0, () => 'a record batch without records was to be sealed')
    let bytes = this.#bytes.subarray(0, this.#end)
    if (seal.compression !== 'none') {
      const records = compress(seal.compression, bytes.subarray(layout.recordsAt))
      bytes = Buffer.allocUnsafeSlow(layout.recordsAt + records.length)
      records.copy(bytes, layout.recordsAt)
    }
    layout.writeInt64(bytes, 0, layout.baseOffsetAt)
    bytes.writeInt32BE(bytes.length - layout.bytesBeforeLengthCounts, layout.batchLengthAt)
    bytes.writeInt32BE(-1, layout.leaderEpochAt)
    bytes[layout.magicAt] = 2
    const flags = seal.isTransactional ? layout.transactionalFlag : 0
    bytes.writeInt16BE(compressionCode(seal.compression) | flags, layout.attributesAt)
    bytes.writeInt32BE(this.#count - 1, layout.lastOffsetDeltaAt)
    layout.writeInt64(bytes, this.#baseTimestamp, layout.baseTimestampAt)
    layout.writeInt64(bytes, this.#maxTimestamp, layout.maxTimestampAt)
    layout.writeInt64(bytes, seal.producerId, layout.producerIdAt)
    bytes.writeInt16BE(seal.epoch, layout.producerEpochAt)
    bytes.writeInt32BE(seal.baseSequence, layout.baseSequenceAt)
    bytes.writeInt32BE(this.#count, layout.recordCountAt)
    bytes.writeUInt32BE(crc32c(bytes.subarray(layout.attributesAt)), layout.crcAt)
    return bytes
  }

  #reserve(length: number): void {
    const needed = this.#end + length
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#end)
    this.#bytes = grown
  }

  #putBytes(bytes: RecordBytes, length: number): void {
    this.#putVarint(length)
    if (length <= 0) return
    if (typeof bytes === 'string') writeUtf8(this.#bytes, bytes, length, this.#end)
    else this.#bytes.set(bytes!, this.#end)
    this.#end += length
  }

  #putAscii(bytes: RecordBytes, length: number): boolean {
    this.#putVarint(length)
    if (length <= 0) return true
    if (typeof bytes !== 'string') this.#bytes.set(bytes!, this.#end)
    else if (!writeAscii(this.#bytes, bytes, this.#end)) return false
    this.#end += length
    return true
  }

  /** Zigzag, as all numbers within a record. */
  #putVarint(value: number): void {
    const bytes = this.#bytes
    let end = this.#end
    // Numbers beyond 30 bits are rare (deltas of timestamps) and go by division.
    let rest = value >= 0 ? value * 2 : -value * 2 - 1
    while (rest > 0x7fff_ffff) {
      bytes[end++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    while (rest > 0x7f) {
      bytes[end++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[end++] = rest
    this.#end = end
  }
}

function lengthOf(bytes: RecordBytes): number {
  if (bytes === null) return -1
  return typeof bytes === 'string' ? utf8Length(bytes) : bytes.length
}

function headerLength({ key, value }: RecordHeader): number {
  const keyLength = utf8Length(key)
  const valueLength = lengthOf(value)
  return varintLength(keyLength) + keyLength + varintLength(valueLength) + Math.max(valueLength, 0)
}
