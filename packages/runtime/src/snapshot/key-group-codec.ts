import { ByteReader } from '../record/byte-reader.ts'
import { ByteWriter } from '../record/byte-writer.ts'
import { GeneralDecoder } from '../record/general-decoder.ts'
import { GeneralEncoder } from '../record/general-encoder.ts'
import { corrupt } from '../record/record-error.ts'
import type { TypeRegistry } from '../record/type-registry.ts'
import type { KeyedStateKind, KeyedStateMeta } from './snapshot.ts'
import type { KeyGroupBytes } from './state-bytes.ts'

// The block of one key group: for each state, by position, the number of its keys and then an entry for each of them.
// An entry is the key, then
//   value, reducing, aggregating:  the value
//   list:                          a count, the values
//   map:                           a count, and for each the map's key and the value
//   timers:                        a count, the timestamps (float64)
// Keys and values have the tagged form of the general codec. With TTL, each value is followed by the time when it was
// last used (float64, milliseconds since the epoch). Counts are unsigned integers of seven bits a byte.

/** What the form of a state's entries depends on. */
export type KeyedStateForm = Pick<KeyedStateMeta, 'kind' | 'hasTtl'>

/** Appends one value, in the form of the general codec, of something that keeps it otherwise. */
export interface ValueWriter<Kept> {
  write(kept: Kept, out: ByteWriter, encoder: GeneralEncoder): void
}

interface Section {
  readonly out: ByteWriter
  keyCount: number
}

const emptySection = new ByteWriter(0)
const noKeys = Uint8Array.of(0)
const sectionBytesMin = 256
const sectionBytesMax = 1 << 22
/** Key groups are not equally large. */
const spareFactor = 1.15
/** Before the entries of a section: their number is known last. */
const keyCountBytes = 8

/**
 * Writes the blocks of all key groups in one pass over each state: entries come in any order, and each goes to the end
 * of its key group. Use: `startState`, then for each key `startKey` and the calls that its kind needs; `finish` last.
 */
export class KeyGroupsWriter {
  readonly #encoder: GeneralEncoder
  readonly #firstKeyGroup: number
  /** By state, then by key group. */
  readonly #sections: (Section | undefined)[][] = []
  #state: (Section | undefined)[] = []
  #out: ByteWriter = emptySection
  #hasTtl = false
  #sectionBytes = sectionBytesMin

  constructor(
    firstKeyGroup: number,
    options: { readonly registry?: TypeRegistry | undefined; readonly attempt?: (() => string) | undefined } = {},
  ) {
    this.#firstKeyGroup = firstKeyGroup
    this.#encoder = new GeneralEncoder(options)
  }

  /**
   * The next state, in the order of the metas. `bytesPerKeyGroup` is how many to make room for: growing by halves costs as much
   * as writing.
   */
  startState(form: KeyedStateForm, bytesPerKeyGroup = 0): void {
    this.#hasTtl = form.hasTtl
    const wanted = Math.ceil(bytesPerKeyGroup * spareFactor)
    this.#sectionBytes = Math.max(sectionBytesMin, Math.min(sectionBytesMax, wanted))
    this.#state = []
    this.#sections.push(this.#state)
  }

  startKey(keyGroup: number, key: unknown): void {
    const at = keyGroup - this.#firstKeyGroup
    let section = this.#state[at]
    if (section === undefined) {
      // Sections are opened in any order, and arrays with holes are slow.
      while (this.#state.length <= at) this.#state.push(undefined)
      section = { out: new ByteWriter(this.#sectionBytes), keyCount: 0 }
      section.out.skip(keyCountBytes)
      this.#state[at] = section
    }
    section.keyCount++
    this.#out = section.out
    this.#encoder.encodeTo(section.out, key)
  }

  /** How many values, pairs or timestamps follow. */
  count(count: number): void {
    this.#out.count(count)
  }

  mapKey(key: unknown): void {
    this.#encoder.encodeTo(this.#out, key)
  }

  value(value: unknown, lastUsedMs: number): void {
    this.#encoder.encodeTo(this.#out, value)
    if (this.#hasTtl) this.#out.float64(lastUsedMs)
  }

  valueBy<Kept>(writer: ValueWriter<Kept>, kept: Kept, lastUsedMs: number): void {
    writer.write(kept, this.#out, this.#encoder)
    if (this.#hasTtl) this.#out.float64(lastUsedMs)
  }

  timestamp(timestampMs: number): void {
    this.#out.float64(timestampMs)
  }

  /** What the present state takes so far. */
  stateBytes(): number {
    return this.#state.reduce((sum, section) => sum + (section?.out.length ?? 0), 0)
  }

  /** The key groups that have something, ascending. */
  finish(): KeyGroupBytes[] {
    const keyGroups: KeyGroupBytes[] = []
    const end = Math.max(0, ...this.#sections.map((state) => state.length))
    for (let at = 0; at < end; at++) {
      const sections = this.#sections.map((state) => state[at])
      if (sections.every((section) => section === undefined)) continue
      const keyCounts = sections.map((section) => section?.keyCount ?? 0)
      keyGroups.push({ keyGroup: this.#firstKeyGroup + at, keyCounts, bytes: blockOf(sections) })
    }
    return keyGroups
  }
}

/** One after the other; a single one is not copied. */
function blockOf(sections: readonly (Section | undefined)[]): Uint8Array {
  const parts = sections.map((section) =>
    section === undefined ? noKeys : section.out.finishWithCount(keyCountBytes, section.keyCount),
  )
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

/**
 * Reads one block after the other. Use: `start`, then `next` until it answers false; after each `next`, exactly the calls that
 * the kind of the state at `stateIndex` needs, `count` times. Everything throws RecordError `CORRUPT_DATA` at bytes that
 * no writer wrote, and `UNREGISTERED_CLASS` at instances of classes that the registry lacks.
 */
export class KeyGroupReader {
  readonly #decoder: GeneralDecoder
  readonly #in = new ByteReader()
  #states: readonly KeyedStateForm[] = []
  #kind: KeyedStateKind = 'value'
  #hasTtl = false
  #keysLeft = 0
  /** The state that the current key is of. */
  stateIndex = -1
  key: unknown = undefined
  /** Values, pairs or timestamps of the current key. */
  count = 0
  /** Of the state that the current key is of. */
  keyCount = 0

  /** `unregistered` makes a value of instances whose class is not registered, in place of an error. */
  constructor(registry?: TypeRegistry, unregistered?: (typeName: string, plain: unknown) => unknown) {
    this.#decoder = new GeneralDecoder(registry, unregistered)
  }

  start(bytes: Uint8Array, states: readonly KeyedStateForm[]): void {
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#in.start(buffer, 0, buffer.length, true)
    this.#states = states
    this.stateIndex = -1
    this.#keysLeft = 0
  }

  /** Goes to the next key; false after the last one of the last state. */
  next(): boolean {
    while (this.#keysLeft === 0) {
      if (++this.stateIndex >= this.#states.length) {
        if (this.#in.remaining !== 0) throw corrupt(`${this.#in.remaining} bytes are left over`)
        return false
      }
      const form = this.#states[this.stateIndex]!
      this.#kind = form.kind
      this.#hasTtl = form.hasTtl
      this.keyCount = this.#in.countOf(2)
      this.#keysLeft = this.keyCount
    }
    this.#keysLeft--
    this.key = this.#decoder.decodeFrom(this.#in)
    this.count = this.#readCount()
    return true
  }

  mapKey(): unknown {
    return this.#decoder.decodeFrom(this.#in)
  }

  value(): unknown {
    return this.#decoder.decodeFrom(this.#in)
  }

  /** To be called after each value; undefined in a state without TTL. */
  lastUsedMs(): number | undefined {
    if (!this.#hasTtl) return undefined
    return this.#time('the time of last use')
  }

  timestamp(): number {
    return this.#time('the timestamp of a timer')
  }

  #time(what: string): number {
    const time = this.#in.float64()
    if (!Number.isFinite(time)) throw corrupt(`${what} is ${time}`)
    return time
  }

  #readCount(): number {
    switch (this.#kind) {
      case 'list':
        return this.#in.countOf(1)
      case 'map':
        return this.#in.countOf(2)
      case 'timers':
        return this.#in.countOf(8)
      default:
        return 1
    }
  }
}

/** One key of one state, as it stands in a block. */
export interface KeyedStateEntry {
  readonly stateIndex: number
  readonly key: unknown
  /** One of a value, reducing or aggregating state; the timestamps of timers. */
  readonly values: readonly unknown[]
  /** Of a map, as many as values. */
  readonly mapKeys: readonly unknown[]
  /** With TTL, as many as values. */
  readonly lastUsedMs: readonly number[]
}

/** All entries of a block, one at a time: for those who look into it. */
export function* readKeyGroupEntries(
  reader: KeyGroupReader,
  bytes: Uint8Array,
  states: readonly KeyedStateForm[],
): Generator<KeyedStateEntry, void, undefined> {
  reader.start(bytes, states)
  while (reader.next()) {
    const { stateIndex, key, count } = reader
    const { kind } = states[stateIndex]!
    const values: unknown[] = []
    const mapKeys: unknown[] = []
    const lastUsedMs: number[] = []
    for (let i = 0; i < count; i++) {
      if (kind === 'timers') {
        values.push(reader.timestamp())
        continue
      }
      if (kind === 'map') mapKeys.push(reader.mapKey())
      values.push(reader.value())
      const time = reader.lastUsedMs()
      if (time !== undefined) lastUsedMs.push(time)
    }
    yield { stateIndex, key, values, mapKeys, lastUsedMs }
  }
}
