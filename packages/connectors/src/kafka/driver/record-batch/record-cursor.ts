import type { FetchedRecord } from '../fetched-record.ts'
import type { TopicPartition } from '../kafka-driver.ts'
import { KafkaError } from '../kafka-error.ts'
import type { AbortedTransactions } from './aborted-transactions.ts'
import { BatchHead } from './batch-head.ts'
import { recordsAt } from './batch-layout.ts'
import { ByteSlab } from './byte-slab.ts'
import { compressionOfCode, decompress } from './compression.ts'
import type { RecordHeader } from './record-header.ts'

/** No batch may have more when decompressed: brokers accept 1 MiB compressed unless they are told otherwise. */
export const decompressedBytesMax: number = 256 * 1024 * 1024
/** A record has seven fields at least, of a byte each. */
const recordBytesMin = 7
const noHeaders: readonly RecordHeader[] = []

/**
 * Goes through the records of one partition, batch after batch, in the bytes that a broker answered. It is the record it
 * stands on: nothing is made for a record but what its reader asks for. Bench: driver.bench.ts.
 *
 * Records before `position` are skipped (a batch is fetched whole), and so are markers and what was aborted.
 */
export class RecordCursor<A extends TopicPartition> implements FetchedRecord<A> {
  readonly assignment: A
  readonly topic: string
  readonly partition: number
  offset = -1
  timestampMs = -1
  keyLength = -1
  valueLength = -1
  /** The offset after everything that was handed out or skipped. */
  position: number
  /** Whether bytes of what was opened have been handed out, which somebody may keep. */
  hasLent = false

  readonly #head: BatchHead = new BatchHead()
  readonly #slab: ByteSlab = new ByteSlab()
  readonly #stoppingOffset: number
  /** What was fetched, and where its next batch begins. */
  #fetched: Buffer = Buffer.alloc(0)
  #nextBatchAt = 0
  #aborted: AbortedTransactions | undefined
  /** The records of the batch at hand, and how many of them are left. */
  #bytes: Buffer = this.#fetched
  #at = 0
  #left = 0
  #keyAt = 0
  #valueAt = 0
  #headersAt = 0
  #recordEnd = 0
  #recordsEnd = 0
  /** The offset after the batch at hand. */
  #batchEnd = -1
  #logAppendTimeMs = -1

  constructor(assignment: A, position: number, stoppingOffset: number) {
    this.assignment = assignment
    this.topic = assignment.topic
    this.partition = assignment.partition
    this.position = position
    this.#stoppingOffset = stoppingOffset
  }

  /** Goes on with bytes that begin with a batch; what was left of others is dropped. `aborted` under `read_committed` only. */
  open(fetched: Buffer, aborted: AbortedTransactions | undefined): void {
    this.#fetched = fetched
    this.#nextBatchAt = 0
    this.#aborted = aborted
    this.#left = 0
    this.#batchEnd = -1
    this.hasLent = false
  }

  /** Lets go of the memory. */
  clear(): void {
    this.open(Buffer.alloc(0), undefined)
    this.#bytes = this.#fetched
  }

  get isAtStop(): boolean {
    return this.position >= this.#stoppingOffset
  }

  get timestampType(): 'create-time' | 'log-append-time' {
    return this.#logAppendTimeMs === -1 ? 'create-time' : 'log-append-time'
  }

  /** Steps to the next record; false when there is none in what was fetched, or before the stopping offset. */
  advance(): boolean {
    for (;;) {
      while (this.#left > 0) {
        this.#left--
        this.#readRecord()
        if (this.offset < this.position) continue
        if (this.offset >= this.#stoppingOffset) {
          this.position = this.#stoppingOffset
          this.#left = 0
          return false
        }
        this.position = this.offset + 1
        return true
      }
      // The batch may end with offsets whose records compaction has taken away.
      if (this.#batchEnd > this.position) this.#skipTo(this.#batchEnd)
      if (!this.#openBatch()) return false
    }
  }

  key(): Buffer | null {
    this.hasLent = true
    return this.keyLength < 0 ? null : this.#bytes.subarray(this.#keyAt, this.#keyAt + this.keyLength)
  }

  value(): Buffer | null {
    this.hasLent = true
    return this.valueLength < 0 ? null : this.#bytes.subarray(this.#valueAt, this.#valueAt + this.valueLength)
  }

  keyText(): string | null {
    return this.keyLength < 0 ? null : this.#bytes.toString('utf8', this.#keyAt, this.#keyAt + this.keyLength)
  }

  valueText(): string | null {
    return this.valueLength < 0 ? null : this.#bytes.toString('utf8', this.#valueAt, this.#valueAt + this.valueLength)
  }

  keyCopy(): Uint8Array | null {
    return this.keyLength < 0 ? null : this.#slab.copy(this.#bytes, this.#keyAt, this.#keyAt + this.keyLength)
  }

  valueCopy(): Uint8Array | null {
    return this.valueLength < 0 ? null : this.#slab.copy(this.#bytes, this.#valueAt, this.#valueAt + this.valueLength)
  }

  headers(): readonly RecordHeader[] {
    // Not where the next record begins: headers may be asked for at any time before `advance`.
    const place = this.#at
    this.#at = this.#headersAt
    const count = this.#varint()
    // A header has two lengths at least.
    this.hasLent ||= count > 0
    if (count < 0 || count * 2 > this.#recordEnd - this.#at)
      throw this.#damaged(`a record says it has ${count} headers`)
    const headers: RecordHeader[] = []
    for (let i = 0; i < count; i++) {
      const key = this.#slice()
      if (key === null) throw this.#damaged('the key of a header is null')
      headers.push({ key: key.toString(), value: this.#slice() })
    }
    this.#at = place
    return count === 0 ? noHeaders : headers
  }

  /** The next batch with records to hand out; false if there is none. */
  #openBatch(): boolean {
    const head = this.#head
    while (this.#nextBatchAt < this.#fetched.length) {
      if (this.isAtStop) return false
      const at = this.#nextBatchAt
      const answer = head.read(this.#fetched, at)
      if (answer === 'cut-off') {
        this.#nextBatchAt = this.#fetched.length
        return false
      }
      if (answer !== 'whole') throw this.#damaged(answer.damage)
      this.#nextBatchAt = at + head.length
      if (head.lastOffset < this.position) continue
      if (head.isControl) {
        if (this.#isAbortMarker(at)) this.#aborted?.end(head.producerId, head.lastOffset)
        this.#skipTo(head.lastOffset + 1)
      } else if (head.isTransactional && this.#aborted?.isAborted(head.producerId, head.lastOffset)) {
        this.#skipTo(head.lastOffset + 1)
      } else if (head.recordCount === 0) {
        // What compaction leaves of a batch.
        this.#skipTo(head.lastOffset + 1)
      } else {
        this.#openRecords(at)
        this.#batchEnd = head.lastOffset + 1
        return true
      }
    }
    return false
  }

  #skipTo(position: number): void {
    this.position = Math.min(position, this.#stoppingOffset)
  }

  #openRecords(at: number): void {
    const head = this.#head
    const first = at + recordsAt
    const end = at + head.length
    if (head.compressionCode === 0) {
      this.#bytes = this.#fetched
      this.#at = first
      this.#recordsEnd = end
    } else {
      this.#bytes = this.#decompressed(this.#fetched.subarray(first, end))
      this.#at = 0
      this.#recordsEnd = this.#bytes.length
    }
    if (head.recordCount * recordBytesMin > this.#recordsEnd - this.#at) {
      throw this.#damaged(`it says that it has ${head.recordCount} records in ${this.#recordsEnd - this.#at} bytes`)
    }
    this.#left = head.recordCount
    this.#logAppendTimeMs = head.hasLogAppendTime ? head.maxTimestampMs : -1
  }

  #decompressed(bytes: Buffer): Buffer {
    const compression = compressionOfCode(this.#head.compressionCode)
    if (compression === undefined) {
      throw this.#unsupported(`their compression has the number ${this.#head.compressionCode}, which is not known here`)
    }
    try {
      return decompress(compression, bytes, decompressedBytesMax)
    } catch (cause) {
      if (cause instanceof KafkaError) throw this.#unsupported(cause.message, cause)
      throw this.#damaged(`its records cannot be decompressed (${compression})`, cause)
    }
  }

  /** The key of a marker is its version and its type, two bytes each; type 0 is an abort. */
  #isAbortMarker(at: number): boolean {
    this.#openRecords(at)
    this.#left = 0
    this.#readRecord()
    return this.keyLength >= 4 && this.#bytes.readInt16BE(this.#keyAt + 2) === 0
  }

  #readRecord(): void {
    const length = this.#varint()
    const end = this.#at + length
    if (length < recordBytesMin - 1 || end > this.#recordsEnd)
      throw this.#damaged(`a record says it has ${length} bytes`)
    this.#at++ // Attributes: there are none.
    const timestampDelta = this.#varlong()
    this.timestampMs =
      this.#logAppendTimeMs === -1 ? this.#head.baseTimestampMs + timestampDelta : this.#logAppendTimeMs
    this.offset = this.#head.baseOffset + this.#varint()
    this.keyLength = this.#varint()
    this.#keyAt = this.#at
    if (this.keyLength > 0) this.#at += this.keyLength
    this.valueLength = this.#varint()
    this.#valueAt = this.#at
    if (this.valueLength > 0) this.#at += this.valueLength
    this.#headersAt = this.#at
    if (this.#at >= end || this.keyLength < -1 || this.valueLength < -1) {
      throw this.#damaged(`key and value of a record do not fit into its ${length} bytes`)
    }
    this.#recordEnd = end
    this.#at = end
  }

  /** Zigzag, of 32 bits. Beyond the end of the bytes it reads zero; callers compare with the end of the record. */
  #varint(): number {
    let byte = this.#bytes[this.#at++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 0x7f
    for (let shift = 7; shift < 35; shift += 7) {
      byte = this.#bytes[this.#at++]!
      value |= (byte & 0x7f) << shift
      if (!(byte >= 0x80)) return (value >>> 1) ^ -(value & 1)
    }
    throw this.#damaged('a number in a record has more than 5 bytes')
  }

  /** Zigzag, of 64 bits: exact up to 2^53. */
  #varlong(): number {
    let byte = this.#bytes[this.#at++]!
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 0x7f
    let unit = 128
    for (let i = 1; i < 10; i++) {
      byte = this.#bytes[this.#at++]!
      value += (byte & 0x7f) * unit
      if (!(byte >= 0x80)) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      unit *= 128
    }
    throw this.#damaged('a time in a record has more than 10 bytes')
  }

  #slice(): Buffer | null {
    const length = this.#varint()
    if (length === -1) return null
    const end = this.#at + length
    if (length < 0 || end > this.#recordEnd) throw this.#damaged(`a header says that it has ${length} bytes`)
    const slice = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return slice
  }

  /** The checksum is right, so it is what somebody wrote. */
  #unsupported(reason: string, cause?: unknown): KafkaError {
    const { topic, partition, position: offset } = this
    return new KafkaError(
      'UNSUPPORTED_COMPRESSION',
      `Cannot read the records of topic "${topic}", partition ${partition}, from offset ${offset} on: ${reason}. ` +
        'Let producers use gzip, snappy, lz4 or zstd, and start after them.',
      { topic, partition, offset, compressionCode: this.#head.compressionCode },
      cause === undefined ? undefined : { cause },
    )
  }

  #damaged(damage: string, cause?: unknown): KafkaError {
    const { topic, partition, position: offset } = this
    return new KafkaError(
      'CORRUPT_BATCH',
      `Cannot read topic "${topic}", partition ${partition}, at offset ${offset}: the record batch is damaged: ${damage}. ` +
        'Read it from another replica, or start after it.',
      { topic, partition, offset },
      cause === undefined ? undefined : { cause },
    )
  }
}
