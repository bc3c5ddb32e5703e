import { isAscii } from 'node:buffer'
import { ConnectorError, type ReaderOutput } from '@millrace/runtime/connector'
import { type FileSplit, type SplitPosition, UNTIL_END } from './file-split.ts'
import { LineRange } from './line-range.ts'
import { SKIPPED } from './malformed-records.ts'
import type { EmitStatus, SplitRecords } from './split-records.ts'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const BYTE_ORDER_MARK = '\uFEFF'

/**
 * How much is decoded at a time. Measured with lines of 50 bytes: 64 KiB regions are cut at 2 GB/s, 1 MiB regions at
 * half of that, since they leave the cache and the young generation.
 */
const REGION_BYTES = 64 * 1024

/** Makes a record of a line, or leaves it out. `describePlace` names the file and the line, for error messages. */
export type LineDecoder<T> = (line: string, describePlace: () => string) => T | typeof SKIPPED

/** Which lines {@link LineRecords} cuts, and what it makes of them. */
export interface LineRecordsOptions<T> {
  readonly lineBytesMax: number
  /** Omitted for lines as they are. */
  readonly decoder?: LineDecoder<T>
}

/**
 * Cuts the lines of one split. Lines end with LF or CRLF, the last one also with the file; what is not UTF-8 becomes
 * U+FFFD; a byte order mark at the start of the file is dropped.
 *
 * Whole lines are decoded a region at a time and cut out of the resulting string, which costs far less than decoding
 * line by line. Cutting before decoding is exact, because a line feed is never a part of another character's bytes.
 */
export class LineRecords<T> implements SplitRecords<T> {
  readonly #path: string
  readonly #options: LineRecordsOptions<T>
  readonly #range: LineRange

  /** The owned part of the current chunk, and how much of it was turned into regions. */
  #bytes: Buffer = Buffer.alloc(0)
  #bytesOffset: number
  #consumed = 0
  /** The start of a line whose end is not there yet. */
  #carry: Buffer[] = []
  #carryBytes = 0

  /** The region being cut: whole lines, each with its line end. `#regionBytes` is undefined for a joined line. */
  #region = ''
  #regionBytes: Buffer | undefined
  #regionOffset: number
  #regionEndOffset: number
  #regionPosition = 0
  /** Of the file; counted only where a decoder may have to name a line, and undefined where it is not known. */
  #linesBefore: number | undefined

  #hasBytesEnded = false

  constructor(split: FileSplit, options: LineRecordsOptions<T>) {
    this.#path = split.path
    this.#options = options
    this.#range = new LineRange(split.offset, split.length === UNTIL_END ? UNTIL_END : split.offset + split.length)
    this.#bytesOffset = split.offset
    this.#regionOffset = split.offset
    this.#regionEndOffset = split.offset
    if (options.decoder !== undefined) this.#linesBefore = split.offset === 0 ? 0 : split.linesBefore
  }

  feed(chunk: Buffer): void {
    this.#bytesOffset += this.#bytes.length
    this.#bytes = this.#range.trim(chunk)
    this.#consumed = 0
    if (this.#regionEndOffset < this.#range.firstOffset) {
      this.#bytesOffset = this.#range.firstOffset
      this.#regionOffset = this.#regionEndOffset = this.#range.firstOffset
    }
  }

  endOfBytes(): void {
    this.#bytesOffset += this.#bytes.length
    this.#bytes = Buffer.alloc(0)
    this.#consumed = 0
    this.#hasBytesEnded = true
  }

  emit(output: ReaderOutput<T>): EmitStatus {
    const decoder = this.#options.decoder
    for (;;) {
      // Without a decoder, a record is the line itself: `T` is string.
      const hasRoom =
        decoder === undefined ? this.#emitLines(output as ReaderOutput<unknown>) : this.#emitDecoded(output, decoder)
      if (!hasRoom) return 'output-full'
      if (this.#nextRegion()) continue
      return this.#range.hasEnded || this.#hasBytesEnded ? 'end' : 'needs-bytes'
    }
  }

  position(): SplitPosition {
    return { offset: this.#offsetOf(this.#regionPosition), linesBefore: this.#linesBefore }
  }

  // bench: the loop under every text job; test/bench W3.
  #emitLines(output: ReaderOutput<unknown>): boolean {
    const region = this.#region
    let position = this.#regionPosition
    for (let end = region.indexOf('\n', position); end >= 0; end = region.indexOf('\n', position)) {
      const textEnd = end > position && region.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end
      const line = region.substring(position, textEnd)
      position = end + 1
      this.#regionPosition = position
      if (!output.collect(line)) return false
    }
    return true
  }

  #emitDecoded(output: ReaderOutput<T>, decoder: LineDecoder<T>): boolean {
    const region = this.#region
    const describePlace = () => this.#describePlace()
    for (;;) {
      // The position stays on the line while it is decoded, so that an error can name it.
      const position = this.#regionPosition
      const end = region.indexOf('\n', position)
      if (end < 0) return true
      const textEnd = end > position && region.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end
      const record = decoder(region.substring(position, textEnd), describePlace)
      if (this.#linesBefore !== undefined) this.#linesBefore++
      this.#regionPosition = end + 1
      if (record !== SKIPPED && !output.collect(record)) return false
    }
  }

  /** Replaces the region, which was cut to its end, by the next one. False if that takes more bytes. */
  #nextRegion(): boolean {
    if (this.#carryBytes > 0) return this.#finishCarry()
    const bytes = this.#bytes
    const start = this.#consumed
    if (start === bytes.length) return false
    let end = bytes.lastIndexOf(LINE_FEED, Math.min(bytes.length, start + REGION_BYTES) - 1) + 1
    if (end <= start) end = bytes.indexOf(LINE_FEED, start) + 1
    if (end === 0) {
      this.#keep(bytes.subarray(start))
      return this.#finishCarry()
    }
    const region = bytes.subarray(start, end)
    this.#consumed = end
    this.#setRegion(
      isAscii(region) ? region.toString('latin1') : region.toString('utf8'),
      this.#bytesOffset + start,
      region,
    )
    return true
  }

  /** Ends the line that was begun in an earlier chunk, if its end is there by now. */
  #finishCarry(): boolean {
    const bytes = this.#bytes
    const end = bytes.indexOf(LINE_FEED, this.#consumed) + 1
    if (end === 0) {
      if (this.#consumed < bytes.length) this.#keep(bytes.subarray(this.#consumed))
      if (!this.#hasBytesEnded || this.#carryBytes === 0) return false
    } else {
      this.#keep(bytes.subarray(this.#consumed, end))
    }
    const line = this.#carry.length === 1 ? this.#carry[0]! : Buffer.concat(this.#carry, this.#carryBytes)
    this.#carry = []
    this.#carryBytes = 0
    // A CR at the end of the file is not half of a line end: the CR of the line end put here shields it.
    const text = line.toString('utf8')
    // A file that is nothing but a byte order mark has no line.
    const isOnlyMark = this.#regionEndOffset === 0 && text === BYTE_ORDER_MARK
    const lineEnd = end === 0 && !isOnlyMark ? '\r\n' : ''
    this.#setRegion(text + lineEnd, this.#regionEndOffset, undefined, line.length)
    return true
  }

  /** Copies bytes out of the chunk, which will be overwritten. */
  #keep(bytes: Buffer): void {
    this.#carryBytes += bytes.length
    this.#consumed += bytes.length
    if (this.#carryBytes > this.#options.lineBytesMax) {
      throw new ConnectorError(
        'LINE_TOO_LONG',
        `Cannot read the line at byte ${this.#regionEndOffset} of "${this.#path}": it is longer than ` +
          `${this.#options.lineBytesMax} bytes. Raise lineBytesMax if it is meant to be.`,
        { path: this.#path, offset: this.#regionEndOffset, lineBytesMax: this.#options.lineBytesMax },
      )
    }
    this.#carry.push(Buffer.from(bytes))
  }

  #setRegion(text: string, offset: number, bytes: Buffer | undefined, byteLength = bytes?.length ?? 0): void {
    this.#region = text
    this.#regionBytes = bytes
    this.#regionOffset = offset
    this.#regionEndOffset = offset + byteLength
    this.#regionPosition = offset === 0 && text.startsWith(BYTE_ORDER_MARK) ? 1 : 0
  }

  /** The offset in the file of the line that begins at `position` of the region. */
  #offsetOf(position: number): number {
    if (position === this.#region.length) return this.#regionEndOffset
    const bytes = this.#regionBytes
    // A joined line stands alone in its region.
    if (bytes === undefined) return this.#regionOffset
    if (bytes.length === this.#region.length) return this.#regionOffset + position
    // What was not ASCII, or not even UTF-8, has another length now. Only line feeds are the same in both.
    let offset = 0
    for (let left = countLineFeeds(this.#region, position); left > 0; left--) {
      offset = bytes.indexOf(LINE_FEED, offset) + 1
    }
    return this.#regionOffset + offset
  }

  #describePlace(): string {
    const offset = this.#offsetOf(this.#regionPosition)
    // Only who has read from the start knows the line's number.
    return this.#linesBefore !== undefined
      ? `line ${this.#linesBefore + 1} (byte ${offset}) of "${this.#path}"`
      : `the line at byte ${offset} of "${this.#path}"`
  }
}

function countLineFeeds(text: string, end: number): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count++
  return count
}
