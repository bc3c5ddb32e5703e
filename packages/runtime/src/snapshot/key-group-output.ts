import type { ByteWriter } from '../record/byte-writer.ts'
import type { GeneralEncoder } from '../record/general-encoder.ts'
import { ValueTag } from '../record/value-tag.ts'

/** Appends one value, in the form of the general codec, of something that keeps it otherwise. */
export interface ValueWriter<Kept> {
  write(kept: Kept, to: KeyGroupOutput): void
}

/** The block of one key group, while it is written. */
export class KeyGroupOutput {
  readonly out: ByteWriter
  readonly encoder: GeneralEncoder
  /** By state. */
  readonly keyCounts: number[] = []
  /** Of the entry. A value that is the same text is written as {@link ValueTag.entryKey}. */
  key: unknown = undefined
  /** The state that entries are of. */
  stateIndex = -1
  #countAt = 0
  #keyCount = 0
  /** Those that have been written in this state, by number. */
  #shapes: object[] = []

  /** `out` is empty. */
  constructor(out: ByteWriter, encoder: GeneralEncoder) {
    this.out = out
    this.encoder = encoder
  }

  /** Ends the state that entries were of. Those in between have none. */
  startState(stateIndex: number): void {
    this.#endState()
    while (this.keyCounts.length < stateIndex) {
      this.keyCounts.push(0)
      this.out.count(0)
    }
    this.stateIndex = stateIndex
    this.#countAt = this.out.skipCount()
    this.#keyCount = 0
    this.#shapes = []
  }

  startKey(key: unknown): void {
    this.#keyCount++
    this.key = key
    if (typeof key === 'string') this.out.taggedString(key)
    else this.encoder.encodeTo(this.out, key)
  }

  /** The number of a shape that has been defined in this state; otherwise -1. A shape is whatever has the same names in order. */
  shapeNumber(shape: object): number {
    const shapes = this.#shapes
    for (let i = 0; i < shapes.length; i++) if (shapes[i] === shape) return i
    return -1
  }

  /** Begins an object that is the first one of its shape: its values follow. */
  defineShape(shape: object, names: readonly string[]): void {
    this.#shapes.push(shape)
    this.out.byte(ValueTag.shape)
    this.out.count(names.length)
    for (const name of names) this.out.string(name)
  }

  /** The bytes, valid until `out` is used again. */
  finish(stateCount: number): Uint8Array {
    this.#endState()
    while (this.keyCounts.length < stateCount) {
      this.keyCounts.push(0)
      this.out.count(0)
    }
    return this.out.finish()
  }

  #endState(): void {
    if (this.stateIndex < 0) return
    this.out.setCount(this.#countAt, this.#keyCount)
    this.keyCounts.push(this.#keyCount)
  }
}
