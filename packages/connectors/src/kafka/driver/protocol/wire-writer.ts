import type { ByTopic } from './group-by-topic.ts'

/** Writes the fields of a request, in the older form (fixed lengths) or the flexible one (`compact...`, tagged fields). */
export class WireWriter {
  /** What came before `#bytes`, in parts that are not written to any more. */
  readonly #before: Buffer[] = []
  #bytes: Buffer
  #end = 0

  constructor(initialBytes = 256) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes)
  }

  /** What was written, in parts that are to leave one after the other. */
  get parts(): readonly Buffer[] {
    return [...this.#before, this.#bytes.subarray(0, this.#end)]
  }

  /** Of all parts. */
  get sizeBytes(): number {
    return this.#before.reduce((sum, { length }) => sum + length, this.#end)
  }

  int8(value: number): this {
    this.#end = this.#reserve(1).writeInt8(value, this.#end)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  int16(value: number): this {
    this.#end = this.#reserve(2).writeInt16BE(value, this.#end)
    return this
  }

  int32(value: number): this {
    this.#end = this.#reserve(4).writeInt32BE(value, this.#end)
    return this
  }

  int64(value: number): this {
    this.#end = this.#reserve(8).writeBigInt64BE(BigInt(value), this.#end)
    return this
  }

  string(value: string): this {
    const length = Buffer.byteLength(value)
    this.int16(length)
    this.#reserve(length).write(value, this.#end)
    this.#end += length
    return this
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value)
  }

  /** With its length, of 32 bits. */
  byteString(value: Buffer): this {
    this.int32(value.length)
    return this.raw(value)
  }

  /** As `byteString`, but `value` becomes a part of its own: nothing is copied, and it must not change until it has left. */
  byteStringPart(value: Buffer): this {
    this.int32(value.length)
    this.#before.push(this.#bytes.subarray(0, this.#end), value)
    this.#bytes = this.#bytes.subarray(this.#end)
    this.#end = 0
    return this
  }

  raw(value: Buffer): this {
    value.copy(this.#reserve(value.length), this.#end)
    this.#end += value.length
    return this
  }

  array<T>(values: readonly T[], write: (value: T) => void): this {
    this.int32(values.length)
    for (const value of values) write(value)
    return this
  }

  /** The form of most requests. */
  byTopic<T>(topics: ByTopic<T>, write: (item: T) => void): this {
    return this.array(topics, ([topic, items]) => this.string(topic).array(items, write))
  }

  nullArray(): this {
    return this.int32(-1)
  }

  unsignedVarint(value: number): this {
    const bytes = this.#reserve(5)
    let rest = value
    while (rest > 0x7f) {
      bytes[this.#end++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    bytes[this.#end++] = rest
    return this
  }

  compactString(value: string): this {
    const bytes = Buffer.from(value)
    return this.unsignedVarint(bytes.length + 1).raw(bytes)
  }

  compactArray<T>(values: readonly T[], write: (value: T) => void): this {
    this.unsignedVarint(values.length + 1)
    for (const value of values) write(value)
    return this
  }

  noTaggedFields(): this {
    return this.unsignedVarint(0)
  }

  #reserve(length: number): Buffer {
    const needed = this.#end + length
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2, 256))
      this.#bytes.copy(grown, 0, 0, this.#end)
      this.#bytes = grown
    }
    return this.#bytes
  }
}
