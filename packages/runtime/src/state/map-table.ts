import { canonicalKey } from '../keys/canonical-key.ts'
import { detach } from '../record/detach-strings.ts'
import { corrupt } from '../record/record-error.ts'
import type { ValueCopier } from '../record/value-copier.ts'
import type { KeyGroupReader, KeyGroupsWriter } from '../snapshot/key-group-codec.ts'
import type { CurrentKey } from './current-key.ts'
import type { InferredType } from './inferred-type.ts'
import { KeyedTable } from './keyed-table.ts'
import type { StateTtl } from './state-ttl.ts'

export interface MapCell {
  readonly key: unknown
  value: unknown
  lastUsedMs: number
}

/** By the canonical form of the map's keys, in order of insertion. */
export type MapEntry = Map<unknown, MapCell>

/** A map for each key. None is empty. */
export class MapTable extends KeyedTable<MapEntry> {
  readonly #copier: ValueCopier

  constructor(name: string, current: CurrentKey, copier: ValueCopier) {
    super(name, 'map', current)
    this.#copier = copier
  }

  /** The cell of a map key that may be seen. It stays readable even if it had expired and is dropped by this. */
  cell(mapKey: unknown): MapCell | undefined {
    const entry = this.find()
    const canonical = canonicalKey(mapKey)
    const cell = entry?.get(canonical)
    const { ttl } = this
    if (ttl === undefined) return cell
    const seen = cell === undefined ? undefined : this.#see(entry!, canonical, cell, ttl)
    this.cleanSome()
    return seen
  }

  #see(entry: MapEntry, canonical: unknown, cell: MapCell, ttl: StateTtl): MapCell | undefined {
    const nowMs = ttl.nowMs()
    if (!ttl.isExpired(cell.lastUsedMs, nowMs)) {
      if (ttl.touchesOnRead) cell.lastUsedMs = nowMs
      return cell
    }
    entry.delete(canonical)
    if (entry.size === 0 && this.find() === entry) this.remove()
    return ttl.returnsExpired ? cell : undefined
  }

  /** All cells that may be seen, as long as the key is current. */
  *cells(): Generator<MapCell, void, undefined> {
    const entry = this.find()
    if (entry === undefined) return
    const { ttl } = this
    for (const [canonical, cell] of entry) {
      const seen = ttl === undefined ? cell : this.#see(entry, canonical, cell, ttl)
      if (seen !== undefined) yield seen
    }
    this.cleanSome()
  }

  set(mapKey: unknown, value: unknown): void {
    const canonical = canonicalKey(mapKey)
    const copy = this.#copier.copyIn(value)
    const lastUsedMs = this.ttl?.nowMs() ?? 0
    let entry = this.find()
    if (entry === undefined) {
      entry = new Map()
      this.put(entry)
    }
    const cell = entry.get(canonical)
    if (cell !== undefined) {
      cell.value = copy
      cell.lastUsedMs = lastUsedMs
    } else {
      const kept = detach(canonical)
      const key =
        typeof mapKey === 'object'
          ? this.#copier.copyIn(mapKey)
          : typeof mapKey === 'string'
            ? text(mapKey, kept)
            : kept
      entry.set(kept, { key, value: copy, lastUsedMs })
    }
    this.cleanSome()
  }

  delete(mapKey: unknown): void {
    const entry = this.find()
    if (entry?.delete(canonicalKey(mapKey)) === true && entry.size === 0) this.remove()
    this.cleanSome()
  }

  /** Expired cells that are still there count, as in Flink. */
  isEmpty(): boolean {
    const isEmpty = this.find() === undefined
    this.cleanSome()
    return isEmpty
  }

  clearKey(): void {
    this.remove()
    this.cleanSome()
  }

  /** Cells always have room for a time. */
  protected override expectTimes(): void {}

  override migrate(migrate: (old: unknown) => unknown): void {
    this.places.forEach((_, entry) => {
      for (const cell of entry.values()) cell.value = this.#copier.copyIn(migrate(cell.value))
    })
  }

  /** All map keys, whatever key they belong to. */
  everyMapKey(isRight: (mapKey: unknown) => boolean): boolean {
    let areAll = true
    this.places.forEach((_, entry) => {
      for (const cell of entry.values()) areAll &&= isRight(cell.key)
    })
    return areAll
  }

  override read(reader: KeyGroupReader, canonical: unknown): boolean {
    const { count } = reader
    const entry: MapEntry = new Map()
    for (let i = 0; i < count; i++) {
      const key = reader.mapKey()
      const value = reader.value()
      entry.set(canonicalKey(key), { key, value, lastUsedMs: reader.lastUsedMs() ?? this.restoredAtMs })
    }
    if (entry.size !== count) throw corrupt('a map has the same key twice')
    return this.places.putNew(canonical, entry)
  }

  protected override write(
    writer: KeyGroupsWriter,
    entry: MapEntry,
    nowMs: number,
    expiry: StateTtl | undefined,
  ): void {
    let count = entry.size
    if (expiry !== undefined) {
      count = 0
      for (const cell of entry.values()) if (!expiry.isExpired(cell.lastUsedMs, nowMs)) count++
    }
    writer.count(count)
    for (const cell of entry.values()) {
      if (expiry?.isExpired(cell.lastUsedMs, nowMs)) continue
      writer.mapKey(cell.key)
      writer.value(cell.value, cell.lastUsedMs)
    }
  }

  protected override sample(entry: MapEntry, values: InferredType, mapKeys: InferredType): void {
    for (const cell of entry.values()) {
      if (!values.wantsMore) return
      values.add(cell.value)
      mapKeys.add(cell.key)
    }
  }

  protected override isAllExpired(entry: MapEntry, nowMs: number, ttl: StateTtl): boolean {
    for (const cell of entry.values()) if (!ttl.isExpired(cell.lastUsedMs, nowMs)) return false
    return true
  }

  protected override dropExpired(entry: MapEntry, nowMs: number, ttl: StateTtl): boolean {
    for (const [canonical, cell] of entry) if (ttl.isExpired(cell.lastUsedMs, nowMs)) entry.delete(canonical)
    return entry.size === 0
  }
}

/** Both are the same text, unless the key starts with a character that canonical keys mark themselves with. */
function text(mapKey: string, kept: unknown): unknown {
  return mapKey === kept ? kept : detach(mapKey)
}
