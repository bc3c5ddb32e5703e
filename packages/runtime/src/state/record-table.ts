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

/** One value for each key: value, reducing and aggregating state. */
export class RecordTable extends KeyedTable<RecordPlace> {
  readonly #makerOf: (isTimed: boolean) => PlaceMaker
  #isTimed = false
  maker: PlaceMaker

  constructor(
    name: string,
    kind: 'value' | 'reducing' | 'aggregating',
    current: CurrentKey,
    makerOf: (isTimed: boolean) => PlaceMaker,
  ) {
    super(name, kind, current)
    this.#makerOf = makerOf
    this.maker = makerOf(false)
  }

  /** Undefined if there is no value, or none that may still be seen. */
  load(): unknown {
    const { ttl } = this
    const place = this.find()
    if (ttl === undefined) return place === undefined ? undefined : place.shape.load(place)
    return this.#loadTimed(place, ttl)
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
    const place = this.find()
    if (place === undefined) return undefined
    const { ttl } = this
    if (ttl?.isExpired(place.lastUsedMs!, ttl.nowMs())) return undefined
    return place.shape.load(place)
  }

  store(value: unknown): void {
    const { ttl } = this
    let place = this.find()
    if (place === undefined || !place.shape.store(place, value)) {
      place = this.maker.create(value)
      this.put(place)
    }
    if (ttl === undefined) return
    place.lastUsedMs = ttl.nowMs()
    this.cleanSome()
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
    const all: [unknown, RecordPlace][] = []
    this.places.forEach((key, place) => all.push([key, place]))
    this.clear()
    for (const [key, before] of all) {
      const place = this.maker.create(change(before.shape.load(before)))
      if (this.#isTimed) place.lastUsedMs = before.lastUsedMs ?? this.restoredAtMs
      this.places.putNew(key, place)
    }
  }

  override read(reader: KeyGroupReader, canonical: unknown): boolean {
    const place = this.maker.adopt(reader.value())
    const lastUsedMs = reader.lastUsedMs()
    if (this.#isTimed) place.lastUsedMs = lastUsedMs ?? this.restoredAtMs
    return this.places.putNew(canonical, place)
  }

  protected override write(writer: KeyGroupsWriter, place: RecordPlace): void {
    writer.valueBy(place.shape, place, place.lastUsedMs ?? 0)
  }

  protected override sample(place: RecordPlace, values: InferredType): void {
    values.add(place.shape.load(place))
  }

  protected override isAllExpired(place: RecordPlace, nowMs: number, ttl: StateTtl): boolean {
    return ttl.isExpired(place.lastUsedMs!, nowMs)
  }

  protected override dropExpired(place: RecordPlace, nowMs: number, ttl: StateTtl): boolean {
    return ttl.isExpired(place.lastUsedMs!, nowMs)
  }
}
