import type { KeyGroupReader, KeyGroupsWriter } from '../snapshot/key-group-codec.ts'
import type { CurrentKey } from './current-key.ts'
import type { InferredType } from './inferred-type.ts'
import { KeyedTable } from './keyed-table.ts'
import type { RecordPlace } from './record-shapes.ts'
import type { StateTtl } from './state-ttl.ts'

/** Makes places for values: by fields, or as they are. */
export interface PlaceMaker {
  create(value: unknown): RecordPlace
  adopt(value: unknown): RecordPlace
}

/** What is kept for a key: a small integer as it is, which saves a memory access where there are many keys (bench: W6). */
type Kept = RecordPlace | number

/** One value for each key: value, reducing and aggregating state. */
export class RecordTable extends KeyedTable<Kept> {
  readonly #makerOf: (isTimed: boolean) => PlaceMaker
  readonly #keepsIntegers: boolean
  #isTimed = false
  maker: PlaceMaker

  /** With `keepsIntegers: false` there is a place for each key. */
  constructor(
    name: string,
    kind: 'value' | 'reducing' | 'aggregating',
    current: CurrentKey,
    { makerOf, keepsIntegers }: { readonly makerOf: (isTimed: boolean) => PlaceMaker; readonly keepsIntegers: boolean },
  ) {
    super(name, kind, current)
    this.#makerOf = makerOf
    this.#keepsIntegers = keepsIntegers
    this.maker = makerOf(false)
  }

  /** Undefined if there is no value, or none that may still be seen. */
  load(): unknown {
    const { ttl } = this
    const kept = this.find()
    if (ttl === undefined) return kept === undefined ? undefined : recordOf(kept)
    return this.#loadTimed(timed(kept), ttl)
  }

  #loadTimed(place: RecordPlace | undefined, ttl: StateTtl): unknown {
    let value: unknown
    if (place !== undefined) {
      const nowMs = ttl.nowMs()
      const isExpired = ttl.isExpired(place.lastUsedMs!, nowMs)
      if (!isExpired || ttl.returnsExpired) value = place.shape.load(place)
      if (isExpired) this.remove()
      else if (ttl.touchesOnRead) place.lastUsedMs = nowMs
    }
    this.cleanSome()
    return value
  }

  /** What an update starts from: undefined if the value has expired, even where it may be seen. */
  loadToUpdate(): unknown {
    const kept = this.find()
    if (kept === undefined) return undefined
    const { ttl } = this
    if (ttl?.isExpired(timed(kept)!.lastUsedMs!, ttl.nowMs())) return undefined
    return recordOf(kept)
  }

  store(value: unknown): void {
    const { ttl } = this
    let kept = this.find()
    if (typeof kept !== 'object' || !kept.shape.store(kept, value)) {
      kept = this.#isKeptAsIs(value) ? value : this.maker.create(value)
      this.put(kept)
    }
    if (ttl === undefined) return
    timed(kept)!.lastUsedMs = ttl.nowMs()
    this.cleanSome()
  }

  #isKeptAsIs(value: unknown): value is number {
    return typeof value === 'number' && (value | 0) === value && this.#keepsIntegers && !this.#isTimed
  }

  clearKey(): void {
    this.remove()
    this.cleanSome()
  }

  protected override expectTimes(isTimed: boolean): void {
    if (isTimed === this.#isTimed) return
    this.#isTimed = isTimed
    this.maker = this.#makerOf(isTimed)
    this.#remake((value) => value)
  }

  override migrate(migrate: (old: unknown) => unknown): void {
    this.maker = this.#makerOf(this.#isTimed)
    this.#remake(migrate)
  }

  #remake(change: (value: unknown) => unknown): void {
    const all: [unknown, Kept][] = []
    this.places.forEach((key, kept) => all.push([key, kept]))
    this.clear()
    for (const [key, before] of all) {
      const value = change(recordOf(before))
      if (this.#isKeptAsIs(value)) {
        this.places.putNew(key, value)
        continue
      }
      const place = this.maker.create(value)
      if (this.#isTimed) place.lastUsedMs = timed(before)?.lastUsedMs ?? this.restoredAtMs
      this.places.putNew(key, place)
    }
  }

  override read(reader: KeyGroupReader, canonical: unknown): boolean {
    const value = reader.value()
    const lastUsedMs = reader.lastUsedMs()
    if (this.#isKeptAsIs(value)) return this.places.putNew(canonical, value)
    const place = this.maker.adopt(value)
    if (this.#isTimed) place.lastUsedMs = lastUsedMs ?? this.restoredAtMs
    return this.places.putNew(canonical, place)
  }

  protected override write(writer: KeyGroupsWriter, kept: Kept): void {
    if (typeof kept === 'number') writer.value(kept, 0)
    else writer.valueBy(kept.shape, kept, kept.lastUsedMs ?? 0)
  }

  protected override sample(kept: Kept, values: InferredType): void {
    values.add(recordOf(kept))
  }

  protected override isAllExpired(kept: Kept, nowMs: number, ttl: StateTtl): boolean {
    return ttl.isExpired(timed(kept)!.lastUsedMs!, nowMs)
  }

  protected override dropExpired(kept: Kept, nowMs: number, ttl: StateTtl): boolean {
    return ttl.isExpired(timed(kept)!.lastUsedMs!, nowMs)
  }
}

function recordOf(kept: Kept): unknown {
  return typeof kept === 'number' ? kept : kept.shape.load(kept)
}

/** The place with the time; what has none is a number. */
function timed(kept: Kept | undefined): RecordPlace | undefined {
  return typeof kept === 'number' ? undefined : kept
}
