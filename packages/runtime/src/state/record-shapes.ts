import { copyString, detach, pinningLengthMin } from '../record/detach-strings.ts'
import { uniqueSourceUrl } from '../record/layout-source.ts'

const SHAPES_MAX = 4
const FIELDS_MAX = 32

/**
 * Where one key's record is kept. Not the record itself but its fields, so that an update changes an old object in place:
 * to keep each new record would cost three times as much, since each would outlive its generation (bench: W2).
 */
export interface RecordPlace {
  readonly shape: RecordShape
}

/** Keeps records of one shape. Texts are copied out of the segments they came in. */
export interface RecordShape {
  /** The record as a new object, which its reader may change. */
  load(place: RecordPlace): unknown
  /** Keeps `record` instead. False, and nothing is changed, if it is of another shape. */
  store(place: RecordPlace, record: unknown): boolean
  /** Combines the aggregated field with `next`. */
  aggregate(place: RecordPlace, next: unknown): void
}

/** A field that is combined with each record's, in place. */
export interface AggregatedField {
  readonly kind: 'sum' | 'min' | 'max'
  /** A property name, or a position in a tuple. */
  readonly field: string | number
}

/** Makes places for the records of one operator: by generated code for plain flat records of up to four shapes. */
export class RecordShapes {
  readonly #aggregated: AggregatedField | undefined
  readonly #shapes: GeneratedShape[] = []
  readonly #general: RecordShape
  #attemptsLeft = SHAPES_MAX

  constructor(aggregated?: AggregatedField) {
    this.#aggregated = aggregated
    this.#general = new GeneralShape(aggregated)
  }

  /** A place that holds `record`. */
  create(record: unknown): RecordPlace {
    for (const shape of this.#shapes) {
      const place = shape.create(record)
      if (place !== undefined) return place
    }
    if (this.#attemptsLeft > 0 && isFlat(record) && this.#hasField(record)) {
      this.#attemptsLeft--
      const shape = generate(record, this.#aggregated)
      this.#shapes.push(shape)
      const place = shape.create(record)
      if (place !== undefined) return place
    }
    const place: GeneralPlace = { shape: this.#general, value: detach(record) }
    return place
  }

  #hasField(record: object): boolean {
    return this.#aggregated === undefined || Object.hasOwn(record, this.#aggregated.field)
  }
}

interface GeneratedShape extends RecordShape {
  create(record: unknown): RecordPlace | undefined
}

interface GeneralPlace extends RecordPlace {
  value: unknown
}

/** Keeps what is no plain flat record as it is: nested records, instances of classes, primitives. */
class GeneralShape implements RecordShape {
  readonly #aggregated: AggregatedField | undefined

  constructor(aggregated: AggregatedField | undefined) {
    this.#aggregated = aggregated
  }

  load(place: GeneralPlace): unknown {
    return place.value
  }

  store(place: GeneralPlace, record: unknown): boolean {
    place.value = detach(record, place.value)
    return true
  }

  aggregate(place: GeneralPlace, next: unknown): void {
    const { kind, field } = this.#aggregated!
    const record = place.value as Record<string | number, never>
    const before: never = record[field]!
    place.value = withField(record, field, detach(combine(kind, before, next as never)))
  }
}

function combine(kind: AggregatedField['kind'], before: number, next: number): number {
  switch (kind) {
    case 'sum':
      return before + next
    case 'min':
      return next < before || Number.isNaN(before) ? next : before
    case 'max':
      return next > before || Number.isNaN(next) ? next : before
  }
}

/** A copy with another value in one field; of the same class, and with the same order of fields. */
function withField(record: object, field: string | number, value: unknown): object {
  if (Array.isArray(record)) return record.with(Number(field), value)
  const copy = { ...record, [field]: value }
  const prototype: unknown = Object.getPrototypeOf(record)
  return prototype === Object.prototype ? copy : (Object.setPrototypeOf(copy, prototype as object | null) as object)
}

/** Whether a record is a plain object or tuple of primitives. */
function isFlat(record: unknown): record is object {
  if (typeof record !== 'object' || record === null) return false
  const names = Object.keys(record)
  if (names.length === 0 || names.length > FIELDS_MAX || names.includes('__proto__')) return false
  if (Array.isArray(record) ? names.length !== record.length : Object.getPrototypeOf(record) !== Object.prototype)
    return false
  return Object.values(record).every((value) => typeof value !== 'object' || value === null)
}

/** bench: W2, and 20 ns for a load and a store of three fields. */
function generate(example: object, aggregated: AggregatedField | undefined): GeneratedShape {
  const names = Object.keys(example)
  const isTuple = Array.isArray(example)
  const access = (i: number) => (isTuple ? `[${i}]` : `[${JSON.stringify(names[i])}]`)
  const each = (line: (i: number) => string, separator = '\n') => names.map((_, i) => line(i)).join(separator)
  const check = isTuple
    ? `if (!Array.isArray(record) || record.length !== ${names.length}) return no`
    : `if (typeof record !== 'object' || record === null || record.constructor !== objectConstructor) return no
let n = 0
for (const k in record) { switch (n++) {
${each((i) => `case ${i}: if (k !== ${JSON.stringify(names[i])}) return no; break`)}
default: return no
} }
if (n !== ${names.length}) return no`
  // A text that equals the kept one is not copied again.
  const read = (kept: (i: number) => string) =>
    each(
      (i) => `let v${i} = record${access(i)}
if (typeof v${i} === 'string') { if (v${i}.length >= ${pinningLengthMin}) v${i} = ${kept(i)} }
else if (typeof v${i} === 'object' && v${i} !== null || typeof v${i} === 'function') return no`,
    )
  const field = aggregated === undefined ? '' : `place.f${names.indexOf(String(aggregated.field))}`
  const combine = {
    sum: `${field} += next`,
    // NaN is the greatest number, as in Java.
    min: `if (next < ${field} || ${field} !== ${field}) ${field} = detach(next)`,
    max: `if (next > ${field} || next !== next) ${field} = detach(next)`,
  }
  const body = `'use strict'
const shape = {
load(place) { return ${isTuple ? `[${each((i) => `place.f${i}`, ', ')}]` : `{ ${each((i) => `${JSON.stringify(names[i])}: place.f${i}`, ', ')} }`} },
store(place, record) {
const no = false
${check}
${read((i) => `v${i} === place.f${i} ? place.f${i} : copyString(v${i})`)}
${each((i) => `place.f${i} = v${i}`)}
return true
},
create(record) {
const no = undefined
${check}
${read((i) => `copyString(v${i})`)}
return { shape, ${each((i) => `f${i}: v${i}`, ', ')} }
},
aggregate(place, next) { ${aggregated === undefined ? '' : combine[aggregated.kind]} },
}
return shape${uniqueSourceUrl('record-shape')}`
  return new Function('objectConstructor', 'copyString', 'detach', body)(Object, copyString, detach) as GeneratedShape
}
