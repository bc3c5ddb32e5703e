import type { GeneralEncoder } from './general-encoder.ts'
import { RecordError } from './record-error.ts'
import { noRoom, type RowSink, type RowWriter, refused, WriteOutcome } from './row-writer.ts'
import type { SegmentView } from './segment-codec.ts'
import {
  blockHeaderWords,
  defineLayout,
  definitionHeaderWords,
  generalLayoutId,
  notLatin1,
  runHeaderWords,
  wordsOf,
} from './segment-format.ts'

/** A block is closed early only if at least this many characters may turn out to need one byte instead of two. */
const charsWorthClosing = 256

/**
 * Writes blocks into one segment. While a block is open, two bytes are kept free for each of its characters, so that it
 * can always be closed; whether they need two is found out once, when it is. Where most need one, room is left for
 * another block.
 */
export class SegmentWriter implements RowSink {
  int32: Int32Array = new Int32Array(0)
  view: DataView = new DataView(new ArrayBuffer(0))
  at = 0
  limit = 0
  blob = ''
  chars = 0
  /** Rows of the open run. The encoder counts them, since it is the one that knows when a writer has written. */
  runCount = 0
  /** The layout of the open run; -1 if there is none. */
  runId = -1
  readonly #general: GeneralEncoder
  #buffer: Buffer = Buffer.alloc(0)
  #blockAt = 0
  #isBlockOpen = false
  #runAt = 0
  #recordsBeforeBlock = 0
  #recordsBeforeRun = 0

  constructor(general: GeneralEncoder) {
    this.#general = general
  }

  open(segment: SegmentView): void {
    const { buffer, byteOffset, length } = segment.bytes
    this.int32 = segment.int32
    this.view = new DataView(buffer, byteOffset, length)
    this.#buffer = Buffer.from(buffer as ArrayBuffer, byteOffset, length)
    this.limit = length >>> 2
    this.at = 0
    this.#recordsBeforeBlock = 0
    this.#recordsBeforeRun = 0
    this.runCount = 0
    this.#openBlock()
  }

  get recordCount(): number {
    return this.#recordsBeforeRun + this.runCount
  }

  /** Appends a record in a run of its own, after the definition of its layout if one is given. */
  writeRun(id: number, definition: Uint8Array | undefined, writer: RowWriter, record: unknown): WriteOutcome {
    const start = this.at
    const definitionWords = definition === undefined ? 0 : definitionHeaderWords + wordsOf(definition.length)
    const runAt = start + definitionWords
    // The writer checks the room: no row is without a word.
    this.at = runAt + runHeaderWords
    let outcome: WriteOutcome = WriteOutcome.misfit
    try {
      outcome = writer(record, this)
    } finally {
      if (outcome !== WriteOutcome.written) this.at = start
    }
    if (outcome !== WriteOutcome.written) return outcome
    if (definition !== undefined) this.#define(start, id, definition)
    this.#openRun(runAt, id)
    return outcome
  }

  /** Appends a record that was encoded by the general codec. */
  writeGeneral(encoded: Uint8Array): WriteOutcome {
    const isNewRun = this.runId !== generalLayoutId
    const runAt = this.at
    const rowAt = isNewRun ? runAt + runHeaderWords : runAt
    const end = rowAt + 1 + wordsOf(encoded.length)
    if (end + ((this.chars + 1) >> 1) > this.limit) return WriteOutcome.full
    this.int32[rowAt] = encoded.length
    this.#buffer.set(encoded, (rowAt + 1) << 2)
    this.at = end
    if (isNewRun) this.#openRun(runAt, generalLayoutId)
    else this.runCount++
    return WriteOutcome.written
  }

  /** Closes the open block and opens another behind it. False if there is nothing to be gained. */
  nextBlock(): boolean {
    if (!this.#isBlockOpen || this.chars < charsWorthClosing) return false
    this.#closeBlock()
    if (this.limit - this.at < blockHeaderWords + charsWorthClosing / 8) return false
    this.#openBlock()
    return true
  }

  /** Answers the bytes that are used. */
  seal(): number {
    if (this.#isBlockOpen) {
      if (this.recordCount > this.#recordsBeforeBlock) this.#closeBlock()
      else this.at = this.#blockAt
    }
    return this.at << 2
  }

  generic(value: unknown, at: number): number {
    let encoded: Uint8Array
    try {
      encoded = this.#general.encode(value)
    } catch (error) {
      // The whole record is looked at again then, for a message with the whole path.
      if (error instanceof RecordError) return refused
      throw error
    }
    return this.#sized(encoded, encoded.length, at)
  }

  bytes(value: unknown, at: number): number {
    if (!(value instanceof Uint8Array)) return refused
    const prototype: unknown = Object.getPrototypeOf(value)
    const isBuffer = prototype === Buffer.prototype
    if (!isBuffer && prototype !== Uint8Array.prototype) return refused
    return this.#sized(value, value.length * 2 + (isBuffer ? 1 : 0), at)
  }

  bigint(value: bigint, at: number): number {
    if (at + 3 > this.limit) return noRoom
    if (BigInt.asIntN(64, value) !== value) {
      this.int32[at] = 1
      return this.generic(value, at + 1)
    }
    this.int32[at] = 0
    this.view.setBigInt64((at + 1) << 2, value, true)
    return at + 3
  }

  #sized(bytes: Uint8Array, header: number, at: number): number {
    const end = at + 1 + wordsOf(bytes.length)
    if (end > this.limit) return noRoom
    this.int32[at] = header
    this.#buffer.set(bytes, (at + 1) << 2)
    return end
  }

  #define(at: number, id: number, definition: Uint8Array): void {
    this.int32[at] = defineLayout
    this.int32[at + 1] = id
    this.int32[at + 2] = definition.length
    this.#buffer.set(definition, (at + definitionHeaderWords) << 2)
  }

  #openRun(at: number, id: number): void {
    this.#endRun()
    this.#runAt = at
    this.int32[at] = id
    this.runId = id
    this.runCount = 1
  }

  #endRun(): void {
    if (this.runId >= 0) this.int32[this.#runAt + 1] = this.runCount
    this.#recordsBeforeRun += this.runCount
    this.runCount = 0
    this.runId = -1
  }

  #openBlock(): void {
    this.#blockAt = this.at
    this.#isBlockOpen = true
    this.#recordsBeforeBlock = this.recordCount
    this.at += blockHeaderWords
    this.blob = ''
    this.chars = 0
    this.runId = -1
  }

  #closeBlock(): void {
    this.#endRun()
    const { int32, blob, chars } = this
    const width = chars === 0 ? 0 : notLatin1.test(blob) ? 2 : 1
    int32[this.#blockAt] = this.at
    int32[this.#blockAt + 1] = chars
    int32[this.#blockAt + 2] = width
    int32[this.#blockAt + 3] = this.recordCount - this.#recordsBeforeBlock
    if (width > 0) this.#buffer.write(blob, this.at << 2, width === 1 ? 'latin1' : 'utf16le')
    this.at += wordsOf(chars * width)
    this.#isBlockOpen = false
    this.blob = ''
    this.chars = 0
  }
}
