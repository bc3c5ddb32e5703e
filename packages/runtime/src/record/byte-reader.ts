import { pinningLengthMin } from './detach-strings.ts'
import { corrupt } from './record-error.ts'

const namesKept = 256
const nameLengthMax = 32
/** Of what is read ahead as one text. */
const textAheadBytes = 1 << 16

/** Reads what {@link ByteWriter} wrote. Never reads past its end: a RecordError says so instead. */
export class ByteReader {
  #buffer: Buffer = Buffer.alloc(0)
  #at = 0
  #end = 0
  /** Names that came before, by their hash: another one takes the place of one. */
  #names: (string | undefined)[] | undefined
  #readsAhead = false
  /** Bytes ahead as a text, and where it starts. */
  #text = ''
  #textAt = 0

  /**
   * `readsAhead` where many short texts are to come: to cut them from the text of all that lies ahead takes half the time
   * (bench: W7). They are so short that they hold on to nothing.
   */
  start(buffer: Buffer, start: number, end: number, readsAhead = false): void {
    if (!(start >= 0 && start <= end && end <= buffer.length))
      throw corrupt(`bytes ${start} to ${end} of ${buffer.length}`)
    this.#buffer = buffer
    this.#at = start
    this.#end = end
    this.#readsAhead = readsAhead
    this.#text = ''
    this.#textAt = start
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  byte(): number {
    return this.#buffer[this.#take(1)]!
  }

  int8(): number {
    return (this.byte() << 24) >> 24
  }

  int16(): number {
    return this.#buffer.readInt16LE(this.#take(2))
  }

  int32(): number {
    return this.#buffer.readInt32LE(this.#take(4))
  }

  float64(): number {
    return this.#buffer.readDoubleLE(this.#take(8))
  }

  int64(): bigint {
    return this.#buffer.readBigInt64LE(this.#take(8))
  }

  count(): number {
    let value = 0
    for (let factor = 1; factor <= 2 ** 49; factor *= 128) {
      const byte = this.byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
    throw corrupt('a count without an end')
  }

  /** A count of things that take at least `bytesEach` bytes, so that garbage cannot ask for more than there is. */
  countOf(bytesEach: number): number {
    const count = this.count()
    if (count * bytesEach > this.remaining) throw corrupt(`${count} elements in ${this.remaining} bytes`)
    return count
  }

  string(): string {
    const header = this.count()
    const length = Math.floor(header / 2)
    if (header % 2 === 0) {
      const at = this.#take(length)
      if (this.#readsAhead && length < pinningLengthMin) return this.#cut(at, length)
      return this.#buffer.toString('latin1', at, at + length)
    }
    const at = this.#take(length * 2)
    return this.#buffer.toString('utf16le', at, at + length * 2)
  }

  #cut(at: number, length: number): string {
    let from = at - this.#textAt
    if (from + length > this.#text.length) {
      this.#text = this.#buffer.toString('latin1', at, Math.min(at + textAheadBytes, this.#end))
      this.#textAt = at
      from = 0
    }
    return this.#text.substring(from, from + length)
  }

  /** A string that has likely come before, as names of fields have: that one is answered then. */
  name(): string {
    const start = this.#at
    const header = this.count()
    const length = header / 2
    if (header % 2 !== 0 || length > nameLengthMax) {
      this.#at = start
      return this.string()
    }
    const at = this.#take(length)
    const buffer = this.#buffer
    let hash = length
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + buffer[at + i]!) | 0
    const slot = (hash ^ (hash >>> 8)) & (namesKept - 1)
    this.#names ??= new Array(namesKept).fill(undefined)
    const known = this.#names[slot]
    if (known !== undefined && known.length === length) {
      let i = 0
      while (i < length && known.charCodeAt(i) === buffer[at + i]) i++
      if (i === length) return known
    }
    const name = buffer.toString('latin1', at, at + length)
    this.#names[slot] = name
    return name
  }

  /** A copy, in memory of its own. */
  bytes(byteCount: number): Uint8Array<ArrayBuffer> {
    const at = this.#take(byteCount)
    const copy = new Uint8Array(byteCount)
    copy.set(this.#buffer.subarray(at, at + byteCount))
    return copy
  }

  #take(byteCount: number): number {
    const at = this.#at
    if (byteCount > this.#end - at) throw corrupt(`${byteCount} bytes wanted, ${this.#end - at} left`)
    this.#at = at + byteCount
    return at
  }
}
