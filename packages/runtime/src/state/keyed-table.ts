import { keyOfCanonical } from '../keys/parse-canonical-key.ts'
import type { TypeDescription } from '../record/type-description.ts'
import type { KeyGroupReader, KeyGroupsWriter } from '../snapshot/key-group-codec.ts'
import type { KeyedStateKind, KeyedStateMeta } from '../snapshot/snapshot.ts'
import type { CurrentKey } from './current-key.ts'
import { InferredType } from './inferred-type.ts'
import { KeyedPlaces } from './keyed-places.ts'
import type { StateTtl } from './state-ttl.ts'
import type { KeyGroupVisitor } from './string-places.ts'

/** So many keys tell what others take. */
const sampledKeys = 1_000

/** What the descriptor of a state says, in the words of the tables. */
export interface TableDeclaration {
  /** Undefined to have it inferred. */
  readonly type: TypeDescription | undefined
  readonly mapKeyType: TypeDescription | undefined
  readonly ttl: StateTtl | undefined
}

/** What a snapshot that is being taken goes by. */
interface SnapshotPass {
  readonly writer: KeyGroupsWriter
  readonly keyGroupCount: number
  readonly bytesBefore: number
  readonly nowMs: number
  readonly expiry: StateTtl | undefined
  readonly inferred: InferredType
  readonly inferredKeys: InferredType
  keysToSample: number
}

/**
 * All keys of one state in one subtask, with an entry for each that has something. What was found for the current key is
 * kept until another key is current, so that to read and then to write is one search.
 */
export abstract class KeyedTable<Entry> implements KeyGroupVisitor<Entry> {
  readonly name: string
  readonly kind: KeyedStateKind
  readonly places: KeyedPlaces<Entry> = new KeyedPlaces<Entry>()
  readonly #current: CurrentKey
  #version = -1
  #entry: Entry | undefined
  /** What was restored, or declared; undefined while the type is inferred. */
  #type: TypeDescription | undefined
  #mapKeyType: TypeDescription | undefined
  #isDeclared = false
  #hasTtl = false
  #pass: SnapshotPass | undefined
  /** Of the last snapshot; 0 before the first. */
  #bytesPerKey = 0
  protected ttl: StateTtl | undefined
  /** When values came that have no time of their own. */
  protected restoredAtMs = 0

  constructor(name: string, kind: KeyedStateKind, current: CurrentKey) {
    this.name = name
    this.kind = kind
    this.#current = current
  }

  /** The entry of the current key. Throws StateError `NO_CURRENT_KEY`. */
  find(): Entry | undefined {
    if (this.#version === this.#current.version) return this.#entry
    return this.#search()
  }

  #search(): Entry | undefined {
    this.#entry = this.places.find(this.#current.canonical())
    this.#version = this.#current.version
    return this.#entry
  }

  put(entry: Entry): void {
    this.places.put(this.#current.canonical(), entry)
    this.#entry = entry
    this.#version = this.#current.version
  }

  remove(): void {
    if (this.find() === undefined) return
    this.places.remove(this.#current.canonical())
    this.#entry = undefined
  }

  /** Checks some entries, wherever they are, and drops what has expired. To be called at each access. */
  protected cleanSome(): void {
    const { ttl } = this
    if (ttl === undefined || ttl.cleanupSize === 0 || this.places.size === 0) return
    const nowMs = ttl.nowMs()
    this.places.visitSome(ttl.cleanupSize, (key, entry) => {
      if (!this.dropExpired(entry, nowMs, ttl)) return
      this.places.remove(key)
      this.#version = -1
    })
  }

  /** For each record, where the descriptor wants it. */
  cleanForRecord(): void {
    this.cleanSome()
  }

  /** Whether the descriptor wants {@link cleanForRecord}. */
  get cleansForEveryRecord(): boolean {
    return this.ttl?.cleansForEveryRecord === true
  }

  /** Tells the table what handles say about it, before their entries come. */
  expect(meta: KeyedStateMeta, nowMs: number, join: (a: TypeDescription, b: TypeDescription) => TypeDescription): void {
    this.restoredAtMs = nowMs
    this.#isDeclared = meta.isDeclared && (this.#type === undefined || this.#isDeclared)
    this.#type = this.#type === undefined ? meta.type : join(this.#type, meta.type)
    const keyTypes = [this.#mapKeyType, meta.mapKeyType].filter((type) => type !== undefined)
    this.#mapKeyType = keyTypes.length === 0 ? undefined : keyTypes.reduce(join)
    this.#hasTtl ||= meta.hasTtl
    this.expectTimes(this.#hasTtl)
  }

  /** So many entries are about to come. */
  expectEntries(count: number): void {
    this.places.expect(this.places.size + count)
  }

  /** What the descriptor says, once its function has been opened. Restored values fit by now. */
  declare({ type, mapKeyType, ttl }: TableDeclaration): void {
    this.#type = type
    this.#mapKeyType = mapKeyType
    this.#isDeclared = type !== undefined
    this.#hasTtl = ttl !== undefined
    this.ttl = ttl
    if (ttl !== undefined) this.expectTimes(true)
  }

  get restoredType(): TypeDescription | undefined {
    return this.#type
  }

  get restoredMapKeyType(): TypeDescription | undefined {
    return this.#mapKeyType
  }

  get isDeclared(): boolean {
    return this.#isDeclared
  }

  get hasTtl(): boolean {
    return this.#hasTtl
  }

  /** What a snapshot is likely to take; 0 if there was none. */
  get expectedBytes(): number {
    return this.places.size * this.#bytesPerKey
  }

  /** Appends all entries, by key group. Answers what they have in common. */
  snapshot(writer: KeyGroupsWriter, maxParallelism: number, keyGroupCount: number): KeyedStateMeta {
    const { size } = this.places
    const bytesBefore = writer.byteCount
    writer.startState({ kind: this.kind, hasTtl: this.#hasTtl })
    const inferred = new InferredType()
    const inferredKeys = new InferredType()
    this.#pass = {
      writer,
      keyGroupCount,
      bytesBefore,
      nowMs: this.ttl?.nowMs() ?? 0,
      expiry: this.ttl?.cleansFullSnapshot === true ? this.ttl : undefined,
      inferred,
      inferredKeys,
      keysToSample: this.#bytesPerKey === 0 ? sampledKeys : 0,
    }
    try {
      this.places.forEachByKeyGroup(maxParallelism, this)
    } finally {
      this.#pass = undefined
    }
    if (size > 0) this.#bytesPerKey = (writer.byteCount - bytesBefore) / size
    return {
      name: this.name,
      kind: this.kind,
      type: this.#type ?? inferred.type,
      mapKeyType: this.kind === 'map' ? (this.#mapKeyType ?? inferredKeys.type) : undefined,
      isDeclared: this.#isDeclared,
      hasTtl: this.#hasTtl,
    }
  }

  /** Appends an entry to the snapshot that is being taken. */
  visit(canonical: unknown, entry: Entry, keyGroup: number): void {
    const pass = this.#pass!
    const { writer, nowMs, expiry, inferred } = pass
    if (inferred.wantsMore && this.#type === undefined) this.sample(entry, inferred, pass.inferredKeys)
    if (expiry !== undefined && this.isAllExpired(entry, nowMs, expiry)) return
    writer.startKey(keyGroup, keyOfCanonical(canonical))
    this.write(writer, entry, nowMs, expiry)
    if (pass.keysToSample > 0 && --pass.keysToSample === 0) this.#expectBytes(pass)
  }

  #expectBytes({ writer, bytesBefore, keyGroupCount }: SnapshotPass): void {
    const bytesPerKey = (writer.byteCount - bytesBefore) / sampledKeys
    writer.expect((bytesBefore + bytesPerKey * this.places.size) / keyGroupCount)
  }

  clear(): void {
    this.places.clear()
    this.#version = -1
    this.#entry = undefined
  }

  /** Whether entries that come have to have room for times; those that are there get the time of restore. */
  protected abstract expectTimes(isTimed: boolean): void
  /** Replaces every value by what `migrate` makes of it. */
  abstract migrate(migrate: (old: unknown) => unknown): void
  /** Takes the next entry of the reader. False if the key has one already. */
  abstract read(reader: KeyGroupReader, canonical: unknown): boolean
  protected abstract write(writer: KeyGroupsWriter, entry: Entry, nowMs: number, expiry: StateTtl | undefined): void
  protected abstract sample(entry: Entry, values: InferredType, mapKeys: InferredType): void
  protected abstract isAllExpired(entry: Entry, nowMs: number, ttl: StateTtl): boolean
  /** Drops expired parts. True if nothing is left. */
  protected abstract dropExpired(entry: Entry, nowMs: number, ttl: StateTtl): boolean
}
