import { readInt64 } from '../record-batch/batch-layout.ts'

/** Reads the fields of an answer. Throws `RangeError` where it ends too early or has lengths that cannot be. */
export class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#at
  }

  int8(): number {
    const value = this.#bytes.readInt8(this.#at)
    this.#at += 1
    return value
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at)
    this.#at += 2
    return value
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at)
    this.#at += 4
    return value
  }

  int64(): number {
    const value = readInt64(this.#bytes, this.#at)
    this.#at += 8
    return value
  }

  string(): string {
    return this.nullableString() ?? ''
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.#take(length).toString()
  }

  /** A view of the answer. Null reads as empty. */
  byteString(): Buffer {
    const length = this.int32()
    return this.#take(Math.max(length, 0))
  }

  /** Null reads as empty. */
  array<T>(read: () => T): T[] {
    return this.#items(this.int32(), read)
  }

  /** How long the broker has held back the answer, which most of them begin with. Nobody asks. */
  throttleTime(): void {
    this.int32()
  }

  /** The form of most answers: topics with arrays, whose items come as one array. */
  byTopic<T>(read: (topic: string) => T): T[] {
    return this.array(() => {
      const topic = this.string()
      return this.array(() => read(topic))
    }).flat()
  }

  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at++)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a varint has more than 5 bytes')
  }

  compactString(): string {
    const length = this.unsignedVarint() - 1
    return length < 0 ? '' : this.#take(length).toString()
  }

  compactArray<T>(read: () => T): T[] {
    return this.#items(this.unsignedVarint() - 1, read)
  }

  taggedFields(): void {
    const count = this.unsignedVarint()
    for (let i = 0; i < count; i++) {
      this.unsignedVarint()
      this.#take(this.unsignedVarint())
    }
  }

  #items<T>(count: number, read: () => T): T[] {
    // An item has a byte at least, so a damaged count cannot make a larger array than the answer itself.
    if (count > this.remaining)
      throw new RangeError(`an array says that it has ${count} items in ${this.remaining} bytes`)
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  #take(length: number): Buffer {
    if (length > this.remaining) throw new RangeError(`${length} bytes are announced, ${this.remaining} are there`)
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return bytes
  }
}
