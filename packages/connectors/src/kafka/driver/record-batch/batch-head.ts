import { crc32c } from '@node-rs/crc32'
import * as layout from './batch-layout.ts'

/**
 * The head of the batch at some place in fetched bytes. One object serves batch after batch: `read` fills it.
 * It answers what is wrong in words, for the caller knows topic, partition and offset.
 */
export class BatchHead {
  baseOffset = -1
  lastOffset = -1
  /** Of the whole batch, in bytes. */
  length = 0
  attributes = 0
  baseTimestampMs = 0
  maxTimestampMs = 0
  producerId = -1
  recordCount = 0

  /** `cut-off`: the answer of the broker ended within the batch, as it may; the rest comes with the next one. */
  read(bytes: Buffer, at: number): 'whole' | 'cut-off' | { readonly damage: string } {
    if (at + layout.recordsAt > bytes.length) return 'cut-off'
    const length = bytes.readInt32BE(at + layout.batchLengthAt) + layout.bytesBeforeLengthCounts
    const magic = bytes[at + layout.magicAt]!
    if (magic !== 2) {
      const age = magic < 2 ? ', as Kafka wrote it before 0.11: let the topic be written anew' : ''
      return { damage: `it is of message format ${magic}, not 2${age}` }
    }
    if (length < layout.recordsAt) return { damage: `it says that it has ${length} bytes` }
    if (at + length > bytes.length) return 'cut-off'
    this.length = length
    this.baseOffset = layout.readInt64(bytes, at + layout.baseOffsetAt)
    this.lastOffset = this.baseOffset + bytes.readInt32BE(at + layout.lastOffsetDeltaAt)
    this.attributes = bytes.readInt16BE(at + layout.attributesAt)
    this.baseTimestampMs = layout.readInt64(bytes, at + layout.baseTimestampAt)
    this.maxTimestampMs = layout.readInt64(bytes, at + layout.maxTimestampAt)
    this.producerId = layout.readInt64(bytes, at + layout.producerIdAt)
    this.recordCount = bytes.readInt32BE(at + layout.recordCountAt)
    const expected = bytes.readUInt32BE(at + layout.crcAt)
    const actual = crc32c(bytes.subarray(at + layout.attributesAt, at + length))
    if (actual !== expected) {
      return { damage: `its checksum is ${expected.toString(16)}, that of its bytes ${actual.toString(16)}` }
    }
    if (this.lastOffset < this.baseOffset) return { damage: `its offsets run from ${this.baseOffset} backwards` }
    if (this.recordCount < 0) return { damage: `it says that it has ${this.recordCount} records` }
    return 'whole'
  }

  /** No batch is shorter. */
  static readonly lengthMin: number = layout.recordsAt

  /** Length and last offset of the batch at `at`, unchecked; undefined if it is cut off. */
  static span(bytes: Buffer, at: number): { readonly length: number; readonly lastOffset: number } | undefined {
    if (at + layout.recordsAt > bytes.length) return undefined
    const length = bytes.readInt32BE(at + layout.batchLengthAt) + layout.bytesBeforeLengthCounts
    if (at + length > bytes.length) return undefined
    return { length, lastOffset: layout.readInt64(bytes, at) + bytes.readInt32BE(at + layout.lastOffsetDeltaAt) }
  }

  get compressionCode(): number {
    return this.attributes & layout.compressionMask
  }

  get hasLogAppendTime(): boolean {
    return (this.attributes & layout.logAppendTimeFlag) !== 0
  }

  get isTransactional(): boolean {
    return (this.attributes & layout.transactionalFlag) !== 0
  }

  /** Markers of transactions. */
  get isControl(): boolean {
    return (this.attributes & layout.controlFlag) !== 0
  }
}
