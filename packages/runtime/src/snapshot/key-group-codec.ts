import { ByteReader } from '../record/byte-reader.ts'
import { GeneralDecoder } from '../record/general-decoder.ts'
import { GeneralEncoder } from '../record/general-encoder.ts'
import { corrupt } from '../record/record-error.ts'
import type { TypeRegistry } from '../record/type-registry.ts'
import { BlockMemory, roomFor } from './block-memory.ts'
import { KeyGroupOutput, type ValueWriter } from './key-group-output.ts'
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
// In values, plain objects of the same shape share its names, within one state of one block; a text that is the key of its entry
// refers to it.

/** What the form of a state's entries depends on. */
export type KeyedStateForm = Pick<KeyedStateMeta, 'kind' | 'hasTtl'>

export interface KeyGroupsWriterOptions {
  readonly registry?: TypeRegistry | undefined
  readonly attempt?: (() => string) | undefined
  /** What to make room for: growing by halves costs as much as writing. */
  readonly bytesPerKeyGroup?: number
  /** Where blocks are written, if not in memory of their own. */
  readonly memory?: BlockMemory
}

/**
 * Writes the blocks of all key groups in one pass over each state: entries come in any order, and each goes to the end
 * of its key group. Use: `startState`, then for each key `startKey` and the calls that its kind needs; `finish` last.
 */
export class KeyGroupsWriter {
  readonly #encoder: GeneralEncoder
  readonly #firstKeyGroup: number
  readonly #memory: BlockMemory
  #bytesPerKeyGroup: number
  /** By key group, from the first one on. */
  readonly #outputs: (KeyGroupOutput | undefined)[] = []
  #stateIndex = -1
  #hasTtl = false
  /** Of the current key. */
  #output!: KeyGroupOutput

  constructor(firstKeyGroup: number, options: KeyGroupsWriterOptions = {}) {
    this.#firstKeyGroup = firstKeyGroup
    this.#encoder = new GeneralEncoder(options)
    this.#memory = options.memory ?? new BlockMemory()
    this.#bytesPerKeyGroup = options.bytesPerKeyGroup ?? 0
  }

  /** The next state, in the order of the metas. */
  startState(form: KeyedStateForm): void {
    this.#hasTtl = form.hasTtl
    this.#stateIndex++
  }

  startKey(keyGroup: number, key: unknown): void {
    let output = this.#outputs[keyGroup - this.#firstKeyGroup]
    if (output === undefined || output.stateIndex !== this.#stateIndex) output = this.#open(keyGroup)
    this.#output = output
    output.startKey(key)
  }

  #open(keyGroup: number): KeyGroupOutput {
    const at = keyGroup - this.#firstKeyGroup
    // They are opened in any order, and arrays with holes are slow.
    while (this.#outputs.length <= at) this.#outputs.push(undefined)
    this.#outputs[at] ??= new KeyGroupOutput(this.#memory.take(keyGroup, this.#bytesPerKeyGroup), this.#encoder)
    this.#outputs[at].startState(this.#stateIndex)
    return this.#outputs[at]
  }

  /** How many values, pairs or timestamps follow. */
  count(count: number): void {
    this.#output.out.count(count)
  }

  mapKey(key: unknown): void {
    this.#encoder.encodeTo(this.#output.out, key)
  }

  value(value: unknown, lastUsedMs: number): void {
    this.#encoder.encodeTo(this.#output.out, value)
    if (this.#hasTtl) this.#output.out.float64(lastUsedMs)
  }

  valueBy<Kept>(writer: ValueWriter<Kept>, kept: Kept, lastUsedMs: number): void {
    writer.write(kept, this.#output)
    if (this.#hasTtl) this.#output.out.float64(lastUsedMs)
  }

  timestamp(timestampMs: number): void {
    this.#output.out.float64(timestampMs)
  }

  /** Says in the middle what the constructor was not told. */
  expect(bytesPerKeyGroup: number): void {
    this.#bytesPerKeyGroup = bytesPerKeyGroup
    for (const output of this.#outputs) output?.out.expect(roomFor(bytesPerKeyGroup))
  }

  /** What all states take so far. */
  get byteCount(): number {
    return this.#outputs.reduce((sum, output) => sum + (output?.out.length ?? 0), 0)
  }

  /** The key groups that have something, ascending. */
  finish(): KeyGroupBytes[] {
    const keyGroups: KeyGroupBytes[] = []
    for (const [at, output] of this.#outputs.entries()) {
      if (output === undefined) continue
      const bytes = output.finish(this.#stateIndex + 1)
      keyGroups.push({ keyGroup: this.#firstKeyGroup + at, keyCounts: output.keyCounts, bytes })
    }
    return keyGroups
  }

  /** Nobody reads any more what `finish` answered: its memory may be used for others. */
  release(): void {
    for (const [at, output] of this.#outputs.entries()) {
      if (output !== undefined) this.#memory.giveBack(this.#firstKeyGroup + at, output.out)
    }
    this.#outputs.length = 0
  }
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
      this.#decoder.startShapes()
    }
    this.#keysLeft--
    this.#decoder.entryKey = undefined
    const key = this.#decoder.decodeFrom(this.#in)
    if (typeof key === 'string') this.#decoder.entryKey = key
    this.key = key
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
