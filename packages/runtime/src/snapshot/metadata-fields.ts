import { parseDescription, type TypeDescription } from '../record/type-description.ts'
import { SnapshotError } from './snapshot-error.ts'

/**
 * Decoded metadata, to be read field by field: each answer has been checked, and an error names the field that does not
 * hold what it should. Fields that nobody asks for are ignored: a later version may have added them.
 */
export class MetadataFields {
  readonly #file: string
  readonly #path: string
  readonly #fields: Readonly<Record<string, unknown>>

  constructor(value: unknown, path: string, file: string) {
    this.#file = file
    this.#path = path
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      throw this.#wrong('', value, 'a map')
    }
    this.#fields = value as Readonly<Record<string, unknown>>
  }

  text(name: string, pattern?: RegExp): string {
    const value = this.#get(name)
    if (typeof value === 'string' && (pattern === undefined || pattern.test(value))) return value
    throw this.#wrong(name, value, pattern === undefined ? 'a text' : `a text like ${pattern.source}`)
  }

  optionalText(name: string): string | undefined {
    return this.isAbsent(name) ? undefined : this.text(name)
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T {
    const value = this.#get(name)
    const found = values.find((candidate) => candidate === value)
    if (found === undefined) throw this.#wrong(name, value, `one of ${values.join(', ')}`)
    return found
  }

  integer(name: string, min: number, max: number): number {
    return this.#integer(name, this.#get(name), min, max)
  }

  boolean(name: string): boolean {
    const value = this.#get(name)
    if (typeof value !== 'boolean') throw this.#wrong(name, value, 'true or false')
    return value
  }

  /** Bytes in memory of their own. */
  bytes(name: string): Uint8Array {
    const value = this.#get(name)
    if (!(value instanceof Uint8Array)) throw this.#wrong(name, value, 'bytes')
    return new Uint8Array(value)
  }

  type(name: string): TypeDescription {
    const text = this.text(name)
    try {
      return parseDescription(text)
    } catch (cause) {
      throw this.#wrong(name, text, 'the description of a type', { cause })
    }
  }

  isAbsent(name: string): boolean {
    const value = this.#get(name)
    return value === undefined || value === null
  }

  map(name: string): MetadataFields {
    return new MetadataFields(this.#get(name), this.pathOf(name), this.#file)
  }

  maps(name: string, countMin: number, countMax: number): readonly MetadataFields[] {
    return this.#array(name, countMin, countMax).map(
      (value, i) => new MetadataFields(value, this.pathOf(`${name}[${i}]`), this.#file),
    )
  }

  /** Rows of integers that are not negative, each with so many of them. */
  rows(name: string, countMax: number, columns: number): readonly (readonly number[])[] {
    return this.#array(name, 0, countMax).map((row, i) => {
      const place = `${name}[${i}]`
      if (!Array.isArray(row) || row.length !== columns) throw this.#wrong(place, row, `${columns} numbers`)
      return row.map((value: unknown) => this.#integer(place, value, 0, Number.MAX_SAFE_INTEGER))
    })
  }

  pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  /** For what is wrong with several fields together. */
  refuse(name: string, what: string): SnapshotError {
    return this.#error(`${this.pathOf(name)} ${what}`, name)
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
  }

  #integer(name: string, value: unknown, min: number, max: number): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
    throw this.#wrong(name, value, `an integer from ${min} to ${max}`)
  }

  #array(name: string, countMin: number, countMax: number): readonly unknown[] {
    const value = this.#get(name)
    if (Array.isArray(value) && value.length >= countMin && value.length <= countMax) return value
    const range = countMin === countMax ? String(countMin) : `${countMin} to ${countMax}`
    throw this.#wrong(name, value, `an array of ${range} elements`)
  }

  #wrong(name: string, value: unknown, expected: string, options?: ErrorOptions): SnapshotError {
    return this.#error(`${this.pathOf(name) || 'it'} is ${preview(value)}, expected ${expected}`, name, options)
  }

  #error(what: string, name: string, options?: ErrorOptions): SnapshotError {
    return corruptMetadata(this.#file, 'body', bodyOffset, what, { field: this.pathOf(name) }, options)
  }
}

/** Where the body of `_metadata` starts. */
export const bodyOffset = 48

export function corruptMetadata(
  file: string,
  block: 'header' | 'body',
  offset: number,
  what: string,
  facts: Readonly<Record<string, unknown>> = {},
  options?: ErrorOptions,
): SnapshotError {
  return new SnapshotError(
    'SNAPSHOT_CORRUPT',
    `Cannot read the snapshot metadata ${file}: its ${block} at offset ${offset} is damaged: ${what}. Use another snapshot, or a copy of this one.`,
    { file, block, offset, ...facts },
    options,
  )
}

function preview(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)
  if (Array.isArray(value)) return `an array of ${value.length} elements`
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return typeof value === 'object' && value !== null ? 'a map' : String(value)
}
