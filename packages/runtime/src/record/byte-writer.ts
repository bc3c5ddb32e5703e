import { assert } from '../base/assert.ts'
import { fieldBytesMax, textAt } from './field-bytes.ts'
import { ValueTag } from './value-tag.ts'

const notLatin1 = /[\u0100-\uffff]/
/** Its header takes one byte. */
const shortLengthMax = 24
const keptBytesMax = 1 << 20
const laterCountBytes = 5
const movedBytesMax = 4096

/** Bytes that grow. What `finish` answers is valid until the next `start`. */
export class ByteWriter {
  #buffer: Buffer
  #length = 0

  constructor(capacityBytes = 1024) {
    this.#buffer = Buffer.from(new ArrayBuffer(capacityBytes))
  }

  get length(): number {
    return this.#length
  }

  start(): void {
    // A single huge record must not hold its memory forever.
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.from(new ArrayBuffer(1024))
    this.#length = 0
  }

  /** Forgets all bytes, whoever has them, and keeps the memory for others. */
  rewind(): void {
    this.#length = 0
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  byte(value: number): void {
    const at = this.#reserve(1)
    this.#buffer[at] = value
  }

  int32(value: number): void {
    const at = this.#reserve(4)
    this.#buffer.writeInt32LE(value, at)
  }

  float64(value: number): void {
    const at = this.#reserve(8)
    this.#buffer.writeDoubleLE(value, at)
  }

  int64(value: bigint): void {
    const at = this.#reserve(8)
    this.#buffer.writeBigInt64LE(value, at)
  }

  /** An integer of 32 bits with its tag, in as few bytes as it takes. */
  taggedInteger(value: number): void {
    const at = this.#reserve(5)
    const buffer = this.#buffer
    buffer[at + 1] = value
    if (value === (value << 24) >> 24) {
      buffer[at] = ValueTag.int8
      this.#length = at + 2
      return
    }
    buffer[at + 2] = value >> 8
    if (value === (value << 16) >> 16) {
      buffer[at] = ValueTag.int16
      this.#length = at + 3
      return
    }
    buffer[at] = ValueTag.int32
    buffer[at + 3] = value >> 16
    buffer[at + 4] = value >> 24
  }

  /** An unsigned integer below 2^53, seven bits a byte. */
  count(value: number): void {
    let at = this.#reserve(8)
    let rest = value
    while (rest > 127) {
      this.#buffer[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#buffer[at++] = rest
    this.#length = at
  }

  /** Leaves room for a count that is known later, and answers where. */
  skipCount(): number {
    return this.#reserve(laterCountBytes)
  }

  /** Fills what `skipCount` left. A count may have more bytes than it takes: only a few that follow move up. */
  setCount(at: number, value: number): void {
    assert(value < 2 ** (7 * laterCountBytes), () => `a count of ${value} takes more than ${laterCountBytes} bytes`)
    const end = at + laterCountBytes
    let byteCount = laterCountBytes
    if (this.#length - end <= movedBytesMax) {
      byteCount = 1
      for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) byteCount++
      this.#buffer.copyWithin(at + byteCount, end, this.#length)
      this.#length -= laterCountBytes - byteCount
    }
    let rest = value
    for (let i = 0; i < byteCount; i++) {
      this.#buffer[at + i] = (rest % 128) | (i < byteCount - 1 ? 128 : 0)
      rest = Math.floor(rest / 128)
    }
  }

  /**
   * Makes room for so many bytes, and answers where they come to stand in `buffer`, which may be another one now. Who has
   * written there says by `moveTo` where it ended.
   */
  room(byteCount: number): number {
    const at = this.#length
    this.#reserve(byteCount)
    this.#length = at
    return at
  }

  /** There will be so many bytes in all: the memory need not grow by halves. */
  expect(byteCount: number): void {
    if (byteCount > this.#buffer.length) this.#grow(byteCount)
  }

  get buffer(): Buffer {
    return this.#buffer
  }

  moveTo(end: number): void {
    this.#length = end
  }

  /** Twice the length in UTF-16 units, plus one if each takes two bytes; then the units. Exact for lone surrogates. */
  string(value: string): void {
    if (value.length <= shortLengthMax && this.#shortString(value)) return
    const wide = notLatin1.test(value)
    this.count(value.length * 2 + (wide ? 1 : 0))
    if (value.length === 0) return
    const at = this.#reserve(wide ? value.length * 2 : value.length)
    this.#buffer.write(value, at, wide ? 'utf16le' : 'latin1')
  }

  /** A string with its tag. bench: W8 */
  taggedString(value: string): void {
    const at = this.room(fieldBytesMax)
    const end = textAt(this.#buffer, at, value)
    if (end >= 0) {
      this.#length = end
      return
    }
    this.byte(ValueTag.string)
    this.string(value)
  }

  /** The call into the engine costs more than a loop over a few characters. Nothing is written if one is not Latin-1. */
  #shortString(value: string): boolean {
    const start = this.#length
    let at = this.#reserve(value.length + 1)
    const buffer = this.#buffer
    buffer[at++] = value.length * 2
    let all = 0
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i)
      buffer[at++] = unit
      all |= unit
    }
    if (all > 0xff) this.#length = start
    return all <= 0xff
  }

  bytes(value: Uint8Array): void {
    const { length } = value
    const at = this.#reserve(length)
    if (length > shortLengthMax) this.#buffer.set(value, at)
    else for (let i = 0; i < length; i++) this.#buffer[at + i] = value[i]!
  }

  #reserve(byteCount: number): number {
    const at = this.#length
    const needed = at + byteCount
    if (needed > this.#buffer.length) this.#grow(Math.max(needed, this.#buffer.length * 2))
    this.#length = needed
    return at
  }

  #grow(capacityBytes: number): void {
    const grown = Buffer.from(new ArrayBuffer(capacityBytes))
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}
