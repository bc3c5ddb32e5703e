import { types } from 'node:util'
import { nullText, Presence, RowSource, ScalarTag, undefinedText, uniqueSourceUrl, Words } from './layout-source.ts'
import type { FieldDescription, TypeDescription } from './type-description.ts'

/** What a generated writer writes into. It commits `at`, `blob` and `chars` only at the end of a record. */
export interface RowSink {
  readonly int32: Int32Array
  readonly view: DataView
  /** The word to write next. */
  at: number
  /** The words there are. Each UTF-16 unit of `blob` needs two bytes of them, at worst. */
  readonly limit: number
  /** The texts of the open block. */
  blob: string
  chars: number
  /** These three answer where to go on, or `noRoom`, or `refused`. */
  generic(value: unknown, at: number): number
  bytes(value: unknown, at: number): number
  bigint(value: bigint, at: number): number
}

export const noRoom = -1
export const refused = -2

export const WriteOutcome = { written: 0, misfit: 1, full: 2 } as const
export type WriteOutcome = (typeof WriteOutcome)[keyof typeof WriteOutcome]

export type RowWriter = (record: unknown, sink: RowSink) => WriteOutcome

const misfit = `return ${WriteOutcome.misfit}`
const full = `return ${WriteOutcome.full}`

/**
 * A function that writes records of one type, and finds out on the way whether a record is of that type.
 * `exactKeys`: rows must have exactly these keys in this order (inferred types); otherwise only the named ones are read.
 */
export function generateRowWriter(type: TypeDescription, exactKeys: boolean): RowWriter {
  const source = new RowSource((words) => `if (p + ${words} > limit) ${full}`)
  new WriterGenerator(source, exactKeys).value(type, 'record')
  const body = `'use strict'
return function writeRow(record, sink) {
const i32 = sink.int32, view = sink.view, limit = sink.limit
let p = sink.at, blob = sink.blob, chars = sink.chars
${source}
if (p + ((chars + 1) >> 1) > limit) ${full}
sink.at = p; sink.blob = blob; sink.chars = chars
return ${WriteOutcome.written}
}${uniqueSourceUrl('write-row')}`
  const make = new Function(
    'objectConstructor',
    'arrayConstructor',
    'datePrototype',
    'mapPrototype',
    'isDate',
    'isMap',
    body,
  )
  return make(Object, Array, Date.prototype, Map.prototype, types.isDate, types.isMap) as RowWriter
}

class WriterGenerator {
  readonly #out: RowSource
  readonly #exactKeys: boolean

  constructor(out: RowSource, exactKeys: boolean) {
    this.#out = out
    this.#exactKeys = exactKeys
  }

  /** `v` is the name of a variable. */
  value(type: TypeDescription, v: string): void {
    const out = this.#out
    switch (type.kind) {
      case 'int':
        out.add(`if (typeof ${v} !== 'number' || !Object.is(${v} | 0, ${v})) ${misfit}`)
        out.add(`i32[${out.claim(Words.int)}] = ${v}`)
        return
      case 'long':
        out.add(`if (!Number.isSafeInteger(${v})) ${misfit}`)
        out.add(`view.setFloat64((${out.claim(Words.double)}) << 2, ${v}, true)`)
        return
      case 'double':
        out.add(`if (typeof ${v} !== 'number') ${misfit}`)
        out.add(`view.setFloat64((${out.claim(Words.double)}) << 2, ${v}, true)`)
        return
      case 'string':
        out.add(`if (typeof ${v} !== 'string') ${misfit}`)
        this.#text(v, out.claim(Words.string))
        return
      case 'boolean': {
        const at = out.claim(Words.boolean)
        out.add(`if (${v} === true) i32[${at}] = 1; else if (${v} === false) i32[${at}] = 0; else ${misfit}`)
        return
      }
      case 'date':
        out.add(`if (!isDate(${v}) || Object.getPrototypeOf(${v}) !== datePrototype) ${misfit}`)
        out.add(`for (const k in ${v}) ${misfit}`)
        out.add(`view.setFloat64((${out.claim(Words.double)}) << 2, ${v}.getTime(), true)`)
        return
      case 'scalar':
        this.#scalar(v)
        return
      case 'bigint':
        out.add(`if (typeof ${v} !== 'bigint') ${misfit}`)
        this.#variable(`sink.bigint(${v}, p)`)
        return
      case 'bytes':
        this.#variable(`sink.bytes(${v}, p)`)
        return
      case 'generic':
        this.#variable(`sink.generic(${v}, p)`)
        return
      case 'nothing':
        out.claim(Words.empty)
        out.add(misfit)
        return
      case 'nullable':
        this.#nullable(type.of, type.orUndefined, v)
        return
      case 'row':
        this.#row(type.fields, v)
        return
      case 'tuple':
        this.#tuple(type.items, v)
        return
      case 'list':
        this.#list(type.of, v)
        return
      case 'map':
        this.#map(type.key, type.value, v)
    }
  }

  #text(v: string, at: string): void {
    this.#out.add(`i32[${at}] = ${v}.length; blob += ${v}; chars += ${v}.length`)
  }

  /** Something of variable size: `call` answers where to go on. */
  #variable(call: string): void {
    const out = this.#out
    out.flush()
    out.add(`p = ${call}`)
    out.add(`if (p < 0) return p === ${noRoom} ? ${WriteOutcome.full} : ${WriteOutcome.misfit}`)
  }

  #scalar(v: string): void {
    const out = this.#out
    const at = out.claim(Words.scalar)
    const set = (tag: keyof typeof ScalarTag): string => `i32[${at}] = ${ScalarTag[tag]}`
    out.add(`switch (typeof ${v}) {
case 'string': ${set('string')}; i32[${at} + 1] = ${v}.length; blob += ${v}; chars += ${v}.length; break
case 'number': if (Object.is(${v} | 0, ${v})) { ${set('int')}; i32[${at} + 1] = ${v} }
else { ${set('double')}; view.setFloat64((${at} + 1) << 2, ${v}, true) } break
case 'boolean': if (${v}) ${set('true')}; else ${set('false')}; break
case 'undefined': ${set('undefined')}; break
default: if (${v} !== null) ${misfit}; ${set('null')}
}`)
  }

  #nullable(of: TypeDescription, orUndefined: boolean, v: string): void {
    const out = this.#out
    if (of.kind === 'string') {
      const at = out.claim(Words.string)
      out.add(`if (typeof ${v} === 'string') {`)
      this.#text(v, at)
      out.add(`} else if (${v} === null) i32[${at}] = ${nullText}`)
      if (orUndefined) out.add(`else if (${v} === undefined) i32[${at}] = ${undefinedText}`)
      out.add(`else ${misfit}`)
      return
    }
    const at = out.claim(Words.presence)
    out.add(`if (${v} === null) i32[${at}] = ${Presence.null}`)
    if (orUndefined) out.add(`else if (${v} === undefined) i32[${at}] = ${Presence.undefined}`)
    out.add(`else i32[${at}] = ${Presence.value}`)
    out.flush()
    out.add(`if (${v} !== null${orUndefined ? ` && ${v} !== undefined` : ''}) {`)
    this.value(of, v)
    out.flush()
    out.add('}')
  }

  /**
   * The class is told by `constructor`, which V8 folds into the check of the hidden class; Object.getPrototypeOf is a call
   * into the engine (7 ns of 37, bench: edge-codec.bench.ts). What has that name among its own keys takes the general way.
   */
  #row(fields: readonly FieldDescription[], v: string): void {
    const out = this.#out
    out.add(`if (typeof ${v} !== 'object' || ${v} === null || ${v}.constructor !== objectConstructor) ${misfit}`)
    if (this.#exactKeys) this.#checkKeys(fields, v)
    if (fields.length === 0) out.claim(Words.empty)
    for (const field of fields) {
      const name = out.name()
      const key = JSON.stringify(field.name)
      out.add(`const ${name} = ${v}[${key}]`)
      if (field.optional) {
        this.#optional(field.type, name, `Object.hasOwn(${v}, ${key})`)
      } else {
        if (!this.#exactKeys && takesUndefined(field.type)) {
          out.add(`if (${name} === undefined && !Object.hasOwn(${v}, ${key})) ${misfit}`)
        }
        this.value(field.type, name)
      }
    }
  }

  #checkKeys(fields: readonly FieldDescription[], v: string): void {
    const out = this.#out
    const n = out.name()
    const cases = fields.map((field, i) => `case ${i}: if (k !== ${JSON.stringify(field.name)}) ${misfit}; break`)
    out.add(`let ${n} = 0\nfor (const k in ${v}) { switch (${n}++) {\n${cases.join('\n')}\ndefault: ${misfit}\n} }`)
    out.add(`if (${n} !== ${fields.length}) ${misfit}`)
  }

  #optional(type: TypeDescription, v: string, isPresent: string): void {
    const out = this.#out
    const at = out.claim(Words.presence)
    out.add(`if (${v} !== undefined) i32[${at}] = ${Presence.value}`)
    out.add(`else i32[${at}] = ${isPresent} ? ${Presence.undefined} : ${Presence.missing}`)
    out.flush()
    out.add(`if (${v} !== undefined) {`)
    this.value(type, v)
    out.flush()
    out.add('}')
  }

  #tuple(items: readonly TypeDescription[], v: string): void {
    const out = this.#out
    this.#checkArray(v)
    out.add(`if (${v}.length !== ${items.length}) ${misfit}`)
    if (items.length === 0) out.claim(Words.empty)
    items.forEach((item, i) => {
      this.#element(item, v, String(i))
    })
  }

  #list(of: TypeDescription, v: string): void {
    const out = this.#out
    this.#checkArray(v)
    const [n, i] = [out.name(), out.name()]
    out.add(`const ${n} = ${v}.length`)
    out.add(`i32[${out.claim(Words.length)}] = ${n}`)
    out.flush()
    out.add(`for (let ${i} = 0; ${i} < ${n}; ${i}++) {`)
    this.#element(of, v, i)
    out.flush()
    out.add('}')
  }

  #checkArray(v: string): void {
    this.#out.add(`if (!Array.isArray(${v}) || ${v}.constructor !== arrayConstructor) ${misfit}`)
  }

  #element(type: TypeDescription, v: string, index: string): void {
    const out = this.#out
    const name = out.name()
    out.add(`const ${name} = ${v}[${index}]`)
    if (takesUndefined(type)) out.add(`if (${name} === undefined && !Object.hasOwn(${v}, ${index})) ${misfit}`)
    this.value(type, name)
  }

  #map(key: TypeDescription, value: TypeDescription, v: string): void {
    const out = this.#out
    out.add(`if (!isMap(${v}) || Object.getPrototypeOf(${v}) !== mapPrototype) ${misfit}`)
    out.add(`for (const k in ${v}) ${misfit}`)
    out.add(`i32[${out.claim(Words.length)}] = ${v}.size`)
    out.flush()
    const [k, e] = [out.name(), out.name()]
    out.add(`for (const [${k}, ${e}] of ${v}) {`)
    this.value(key, k)
    this.value(value, e)
    out.flush()
    out.add('}')
  }
}

/** Whether an absent value must be told from undefined by a look at the object. */
function takesUndefined(type: TypeDescription): boolean {
  return (
    type.kind === 'generic' ||
    type.kind === 'scalar' ||
    (type.kind === 'nullable' && (type.orUndefined || takesUndefined(type.of)))
  )
}
