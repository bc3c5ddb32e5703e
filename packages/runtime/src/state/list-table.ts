import type { ValueCopier } from '../record/value-copier.ts'
import type { KeyGroupReader, KeyGroupsWriter } from '../snapshot/key-group-codec.ts'
import type { CurrentKey } from './current-key.ts'
import type { InferredType } from './inferred-type.ts'
import { KeyedTable } from './keyed-table.ts'
import type { StateTtl } from './state-ttl.ts'

export interface ListEntry {
  values: unknown[]
  /** Of each value; undefined without TTL. */
  times: number[] | undefined
}

/** A list for each key. None is empty. */
export class ListTable extends KeyedTable<ListEntry> {
  readonly #copier: ValueCopier
  #isTimed = false

  constructor(name: string, current: CurrentKey, copier: ValueCopier) {
    super(name, 'list', current)
    this.#copier = copier
  }

  load(): unknown[] {
    const entry = this.find()
    const values = entry === undefined ? [] : this.#visible(entry)
    this.cleanSome()
    return values
  }

  /** Copies of the values that may be seen. A list of which all have expired is dropped, after it may have been seen. */
  #visible(entry: ListEntry): unknown[] {
    const { ttl } = this
    const copies: unknown[] = []
    if (ttl === undefined) {
      for (const value of entry.values) copies.push(this.#copier.copyOut(value))
      return copies
    }
    const nowMs = ttl.nowMs()
    let liveCount = 0
    for (const [i, value] of entry.values.entries()) {
      const isExpired = ttl.isExpired(entry.times![i]!, nowMs)
      if (!isExpired) liveCount++
      if (!isExpired || ttl.returnsExpired) copies.push(this.#copier.copyOut(value))
    }
    if (liveCount === 0) this.remove()
    else if (ttl.touchesOnRead) {
      dropExpiredValues(entry, nowMs, ttl)
      entry.times!.fill(nowMs)
    }
    return copies
  }

  append(values: Iterable<unknown>): void {
    const { ttl } = this
    const nowMs = ttl?.nowMs() ?? 0
    // All are copied before one is kept: what is refused changes nothing.
    const copies: unknown[] = []
    for (const value of values) copies.push(this.#copier.copyIn(value))
    if (copies.length === 0) return
    let entry = this.find()
    if (entry === undefined) {
      entry = { values: copies, times: ttl === undefined ? undefined : new Array(copies.length).fill(nowMs) }
      this.put(entry)
    } else {
      for (const copy of copies) {
        entry.values.push(copy)
        if (ttl !== undefined) entry.times!.push(nowMs)
      }
    }
    this.cleanSome()
  }

  replace(values: Iterable<unknown>): void {
    const copies: unknown[] = []
    for (const value of values) copies.push(this.#copier.copyIn(value))
    if (copies.length === 0) this.remove()
    else {
      const nowMs = this.ttl?.nowMs() ?? 0
      this.put({ values: copies, times: this.ttl === undefined ? undefined : new Array(copies.length).fill(nowMs) })
    }
    this.cleanSome()
  }

  clearKey(): void {
    this.remove()
    this.cleanSome()
  }

  protected override expectTimes(isTimed: boolean): void {
    if (isTimed === this.#isTimed) return
    this.#isTimed = isTimed
    this.places.forEach((_, entry) => {
      entry.times = isTimed ? (entry.times ?? new Array(entry.values.length).fill(this.restoredAtMs)) : undefined
    })
  }

  override migrate(migrate: (old: unknown) => unknown): void {
    this.places.forEach((_, entry) => {
      entry.values = entry.values.map((value) => this.#copier.copyIn(migrate(value)))
    })
  }

  override read(reader: KeyGroupReader, canonical: unknown): boolean {
    const { count } = reader
    const entry: ListEntry = { values: [], times: this.#isTimed ? [] : undefined }
    for (let i = 0; i < count; i++) {
      entry.values.push(reader.value())
      const lastUsedMs = reader.lastUsedMs()
      entry.times?.push(lastUsedMs ?? this.restoredAtMs)
    }
    return this.places.putNew(canonical, entry)
  }

  protected override write(
    writer: KeyGroupsWriter,
    { values, times }: ListEntry,
    nowMs: number,
    expiry: StateTtl | undefined,
  ): void {
    const isKept = (i: number): boolean => expiry === undefined || !expiry.isExpired(times![i]!, nowMs)
    let count = values.length
    if (expiry !== undefined) count = values.reduce<number>((sum, _, i) => sum + (isKept(i) ? 1 : 0), 0)
    writer.count(count)
    for (let i = 0; i < values.length; i++) if (isKept(i)) writer.value(values[i], times?.[i] ?? 0)
  }

  protected override sample(entry: ListEntry, values: InferredType): void {
    for (let i = 0; i < entry.values.length && values.wantsMore; i++) values.add(entry.values[i])
  }

  protected override isAllExpired(entry: ListEntry, nowMs: number, ttl: StateTtl): boolean {
    return entry.times!.every((time) => ttl.isExpired(time, nowMs))
  }

  protected override dropExpired(entry: ListEntry, nowMs: number, ttl: StateTtl): boolean {
    dropExpiredValues(entry, nowMs, ttl)
    return entry.values.length === 0
  }
}

function dropExpiredValues(entry: ListEntry, nowMs: number, ttl: StateTtl): void {
  const times = entry.times!
  if (!times.some((time) => ttl.isExpired(time, nowMs))) return
  entry.values = entry.values.filter((_, i) => !ttl.isExpired(times[i]!, nowMs))
  entry.times = times.filter((time) => !ttl.isExpired(time, nowMs))
}
