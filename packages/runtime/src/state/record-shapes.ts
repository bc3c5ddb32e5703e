import { copyString, detach, pinningLengthMin } from '../record/detach-strings.ts'
import { fieldBytesMax, numberAt, textAt } from '../record/field-bytes.ts'
import { uniqueSourceUrl } from '../record/layout-source.ts'
import type { ValueCopier } from '../record/value-copier.ts'
import { ValueTag } from '../record/value-tag.ts'
import type { KeyGroupOutput } from '../snapshot/key-group-output.ts'

const SHAPES_MAX = 4
const FIELDS_MAX = 32

/**
 * Where one key's record is kept. Not the record itself but its fields, so that an update changes an old object in place:
 * to keep each new record would cost three times as much, since each would outlive its generation (bench: W2).
 */
export interface RecordPlace {
  readonly shape: RecordShape
  /** When its record was last used; only in places of shapes that are timed. */
  lastUsedMs?: number
}

/** Keeps records of one shape. Texts are copied out of the segments they came in. */
export interface RecordShape {
  /** The record as a new object, which its reader may change. */
  load(place: RecordPlace): unknown
  /** Keeps `record` instead. False, and nothing is changed, if it is of another shape. */
  store(place: RecordPlace, record: unknown): boolean
  /** Combines the aggregated field with `next`. */
  aggregate(place: RecordPlace, next: unknown): void
  /** Appends the record in the form of the general codec. */
  write(place: RecordPlace, to: KeyGroupOutput): void
}

export interface RecordShapesOptions {
  /** Copies what is no flat record on its way in and out; without one, only texts are copied. */
  readonly copier?: ValueCopier
  /** Places have room for the time of last use. */
  readonly isTimed?: boolean
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
  readonly #general: GeneralShape
  readonly #isTimed: boolean
  #attemptsLeft = SHAPES_MAX

  constructor(aggregated?: AggregatedField, options: RecordShapesOptions = {}) {
    this.#aggregated = aggregated
    this.#isTimed = options.isTimed ?? false
    this.#general = new GeneralShape(aggregated, options.copier)
  }

  /** A place that holds `record`. */
  create(record: unknown): RecordPlace {
    if (typeof record !== 'object' || record === null) return this.#generalPlace(this.#general.keep(record))
    return this.#flatPlace(record) ?? this.#generalPlace(this.#general.keep(record))
  }

  /** The same for a record that nobody else holds, and no segment. */
  adopt(record: unknown): RecordPlace {
    if (typeof record !== 'object' || record === null) return this.#generalPlace(record)
    return this.#flatPlace(record) ?? this.#generalPlace(record)
  }

  #flatPlace(record: object): RecordPlace | undefined {
    for (const shape of this.#shapes) {
      const place = shape.create(record)
      if (place !== undefined) return place
    }
    if (this.#attemptsLeft > 0 && isFlat(record) && this.#hasField(record)) {
      this.#attemptsLeft--
      const shape = generate(record, this.#aggregated, this.#isTimed)
      this.#shapes.push(shape)
      return shape.create(record)
    }
    return undefined
  }

  #generalPlace(value: unknown): GeneralPlace {
    return this.#isTimed ? { shape: this.#general, lastUsedMs: 0, value } : { shape: this.#general, value }
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

/** Keeps what is no plain flat record: nested records, instances of classes, primitives. */
class GeneralShape implements RecordShape {
  readonly #aggregated: AggregatedField | undefined
  readonly #copier: ValueCopier | undefined

  constructor(aggregated: AggregatedField | undefined, copier: ValueCopier | undefined) {
    this.#aggregated = aggregated
    this.#copier = copier
  }

  /** What is kept of `record`. */
  keep(record: unknown, previous?: unknown): unknown {
    return this.#copier === undefined ? detach(record, previous) : this.#copier.copyIn(record)
  }

  load(place: GeneralPlace): unknown {
    const { value } = place
    if (typeof value !== 'object' || value === null || this.#copier === undefined) return value
    return this.#copier.copyOut(value)
  }

  store(place: GeneralPlace, record: unknown): boolean {
    // A text that equals the kept one is not copied again.
    if (record !== place.value || typeof record === 'object') place.value = this.keep(record, place.value)
    else if (typeof record === 'number') place.value = record
    return true
  }

  write(place: GeneralPlace, to: KeyGroupOutput): void {
    to.encoder.encodeTo(to.out, place.value)
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

/** bench: W2, and 20 ns for a load and a store of three fields; W8 for writing. */
function generate(example: object, aggregated: AggregatedField | undefined, isTimed: boolean): GeneratedShape {
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
  // A hole reads like undefined, and is none.
  const hole = (i: number) => (isTuple ? `if (v${i} === undefined && !(${i} in record)) return no` : '')
  const read = (kept: (i: number) => string) =>
    each(
      (i) => `let v${i} = record${access(i)}
if (typeof v${i} === 'string') { if (v${i}.length >= ${pinningLengthMin}) v${i} = ${kept(i)} }
else if (typeof v${i} === 'object' && v${i} !== null || typeof v${i} === 'function') return no
${hole(i)}`,
    )
  const field = aggregated === undefined ? '' : `place.f${names.indexOf(String(aggregated.field))}`
  const combine = {
    sum: `${field} += next`,
    // NaN is the greatest number, as in Java.
    min: `if (next < ${field} || ${field} !== ${field}) ${field} = detach(next)`,
    max: `if (next > ${field} || next !== next) ${field} = detach(next)`,
  }
  const roomBytes = 2 + names.length * fieldBytesMax
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
return { shape, ${isTimed ? 'lastUsedMs: 0, ' : ''}${each((i) => `f${i}: v${i}`, ', ')} }
},
write(place, to) {
const out = to.out, key = to.key
let end = -1
${isTuple ? '' : 'const number = to.shapeNumber(shape)\nif (number < 0) to.defineShape(shape, names)'}
let at = out.room(${roomBytes}), buffer = out.buffer
${
  isTuple
    ? `buffer[at++] = ${ValueTag.array}; buffer[at++] = ${names.length}`
    : `if (number >= 0) { buffer[at++] = ${ValueTag.shaped}; buffer[at++] = number }`
}
${each(
  (i) => `const v${i} = place.f${i}
if (typeof v${i} === 'number') at = numberAt(buffer, at, v${i})
else if (typeof v${i} === 'string' && v${i} === key) buffer[at++] = ${ValueTag.entryKey}
else {
end = typeof v${i} === 'string' ? textAt(buffer, at, v${i}) : -1
if (end >= 0) at = end
else {
out.moveTo(at)
to.encoder.encodeTo(out, v${i})
at = out.room(${roomBytes}), buffer = out.buffer
}
}`,
)}
out.moveTo(at)
},
aggregate(place, next) { ${aggregated === undefined ? '' : combine[aggregated.kind]} },
}
return shape${uniqueSourceUrl('record-shape')}`
  const parameters = ['objectConstructor', 'copyString', 'detach', 'textAt', 'numberAt', 'names']
  return new Function(...parameters, body)(Object, copyString, detach, textAt, numberAt, names) as GeneratedShape
}
