import { nullText, Presence, RowSource, ScalarTag, undefinedText, uniqueSourceUrl, Words } from './layout-source.ts'
import type { OutputAvailability } from './segment-codec.ts'
import type { FieldDescription, TypeDescription } from './type-description.ts'

/** What a generated reader reads from. `at`, `cut` and `left` are right between any two records. */
export interface RowStore {
  readonly int32: Int32Array
  readonly view: DataView
  /** The word to read next. */
  at: number
  /** Where the rows of the block end. */
  readonly end: number
  /** The texts of the block, and how many of their UTF-16 units were taken. */
  readonly blob: string
  cut: number
  /** Rows of the run that were not handed over. */
  left: number
  /** Set by the three calls below: where to go on. */
  next: number
  generic(at: number): unknown
  bytes(at: number): Uint8Array
  bigint(at: number): bigint
  /** Throws. */
  corrupt(): never
}

/** Hands over rows until `store.left`, or `recordsMax`, or the stop flag says that it is enough; answers how many. */
export type RowReader = (
  store: RowStore,
  onRecord: (record: unknown) => void,
  availability: OutputAvailability,
  recordsMax: number,
) => number

/**
 * A function that reads what the writer of the same type wrote. Objects are literals, so that all records of a type have
 * the hidden class that the user's own literals have. Lengths are checked, so that garbage does no harm.
 */
export function generateRowReader(type: TypeDescription): RowReader {
  const source = new RowSource((words) => `if (p + ${words} > end) store.corrupt()`)
  const record = new ReaderGenerator(source).value(type)
  const body = `'use strict'
return function readRows(store, onRecord, availability, recordsMax) {
const i32 = store.int32, view = store.view, end = store.end, blob = store.blob, chars = blob.length
let p = store.at, q = store.cut, left = store.left, done = 0
if (left < recordsMax) recordsMax = left
try {
while (done < recordsMax) {
${source}
const record = ${record}
if (!(q <= chars)) store.corrupt()
done++
onRecord(record)
if (availability.stop) break
}
} finally {
store.at = p; store.cut = q; store.left = left - done
}
return done
}${uniqueSourceUrl('read-row')}`
  return new Function(body)() as RowReader
}

class ReaderGenerator {
  readonly #out: RowSource

  constructor(out: RowSource) {
    this.#out = out
  }

  /** Answers an expression without effects: all reading is done before it. */
  value(type: TypeDescription): string {
    const out = this.#out
    switch (type.kind) {
      case 'int':
        return this.#read(`i32[${out.claim(Words.int)}]`)
      case 'long':
      case 'double':
        return this.#read(`view.getFloat64((${out.claim(Words.double)}) << 2, true)`)
      case 'date':
        return this.#read(`new Date(view.getFloat64((${out.claim(Words.double)}) << 2, true))`)
      case 'boolean':
        return this.#read(`i32[${out.claim(Words.boolean)}] === 1`)
      case 'string':
        return this.#read(cut(`i32[${out.claim(Words.string)}]`))
      case 'scalar':
        return this.#scalar()
      case 'bigint':
        return this.#variable('bigint')
      case 'bytes':
        return this.#variable('bytes')
      case 'generic':
        return this.#variable('generic')
      case 'nothing':
        out.claim(Words.empty)
        out.add('store.corrupt()')
        return 'undefined'
      case 'nullable':
        return this.#nullable(type.of)
      case 'row':
        return this.#row(type.fields)
      case 'tuple':
        if (type.items.length === 0) out.claim(Words.empty)
        return this.#read(`[${type.items.map((item) => this.value(item)).join(', ')}]`)
      case 'list':
        return this.#list(type.of)
      case 'map':
        return this.#map(type.key, type.value)
    }
  }

  #read(expression: string): string {
    const name = this.#out.name()
    this.#out.add(`const ${name} = ${expression}`)
    return name
  }

  #variable(call: 'bigint' | 'bytes' | 'generic'): string {
    this.#out.flush()
    const name = this.#read(`store.${call}(p)`)
    this.#out.add('p = store.next')
    return name
  }

  #scalar(): string {
    const out = this.#out
    const at = out.claim(Words.scalar)
    const name = out.name()
    out.add(`let ${name}
switch (i32[${at}]) {
case ${ScalarTag.null}: ${name} = null; break
case ${ScalarTag.undefined}: break
case ${ScalarTag.false}: ${name} = false; break
case ${ScalarTag.true}: ${name} = true; break
case ${ScalarTag.int}: ${name} = i32[${at} + 1]; break
case ${ScalarTag.double}: ${name} = view.getFloat64((${at} + 1) << 2, true); break
case ${ScalarTag.string}: ${name} = ${cut(`i32[${at} + 1]`)}; break
default: store.corrupt()
}`)
    return name
  }

  #nullable(of: TypeDescription): string {
    const out = this.#out
    const name = out.name()
    if (of.kind === 'string') {
      const length = this.#read(`i32[${out.claim(Words.string)}]`)
      out.add(`const ${name} = ${length} >= 0 ? ${cut(length)}`)
      out.add(`: ${length} === ${nullText} ? null : ${length} === ${undefinedText} ? undefined : store.corrupt()`)
      return name
    }
    const presence = this.#read(`i32[${out.claim(Words.presence)}]`)
    out.flush()
    out.add(`let ${name} = null`)
    out.add(`if (${presence} === ${Presence.value}) {`)
    const value = this.value(of)
    out.flush()
    out.add(`${name} = ${value}`)
    out.add(`} else if (${presence} === ${Presence.undefined}) ${name} = undefined`)
    return name
  }

  #row(fields: readonly FieldDescription[]): string {
    const out = this.#out
    if (fields.length === 0) out.claim(Words.empty)
    const firstOptional = fields.findIndex((field) => field.optional)
    const fixed = firstOptional < 0 ? fields : fields.slice(0, firstOptional)
    const row = this.#read(
      `{ ${fixed.map((field) => `${JSON.stringify(field.name)}: ${this.value(field.type)}`).join(', ')} }`,
    )
    for (const field of fields.slice(fixed.length)) {
      const key = JSON.stringify(field.name)
      if (field.optional) this.#optional(row, key, field.type)
      else out.add(`${row}[${key}] = ${this.value(field.type)}`)
    }
    return row
  }

  #optional(row: string, key: string, type: TypeDescription): void {
    const out = this.#out
    const presence = this.#read(`i32[${out.claim(Words.presence)}]`)
    out.flush()
    out.add(`if (${presence} === ${Presence.value}) {`)
    const value = this.value(type)
    out.flush()
    out.add(`${row}[${key}] = ${value}`)
    out.add(`} else if (${presence} === ${Presence.undefined}) ${row}[${key}] = undefined`)
  }

  #list(of: TypeDescription): string {
    const out = this.#out
    const length = this.#length()
    const list = this.#read('[]')
    const i = out.name()
    out.add(`for (let ${i} = 0; ${i} < ${length}; ${i}++) {`)
    const value = this.value(of)
    out.flush()
    out.add(`${list}.push(${value})\n}`)
    return list
  }

  #map(key: TypeDescription, value: TypeDescription): string {
    const out = this.#out
    const length = this.#length()
    const map = this.#read('new Map()')
    const i = out.name()
    out.add(`for (let ${i} = 0; ${i} < ${length}; ${i}++) {`)
    const k = this.value(key)
    const e = this.value(value)
    out.flush()
    out.add(`${map}.set(${k}, ${e})\n}`)
    return map
  }

  /** A wrong length does no harm: each element takes at least a word, and the room of each is checked. */
  #length(): string {
    const length = this.#read(`i32[${this.#out.claim(Words.length)}]`)
    this.#out.flush()
    return length
  }
}

/** The next text of the blob; `length` is an expression. */
function cut(length: string): string {
  return `blob.substring(q, q += ${length})`
}
