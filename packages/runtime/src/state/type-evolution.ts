import { GeneralEncoder } from '../record/general-encoder.ts'
import { descriptionText, type FieldDescription, type TypeDescription } from '../record/type-description.ts'
import { findTypeMismatch } from '../record/type-mismatch.ts'
import type { TypeRegistry } from '../record/type-registry.ts'

export type FieldDefaults = Readonly<Record<string, unknown>>

/** `same`: values stay as they are. `values`: it depends on each of them, see {@link evolveValue}. */
export type TypeEvolution = 'same' | 'values' | 'incompatible'

/** What has to be done with values of type `from` where `to` is declared now. */
export function typeEvolution(
  from: TypeDescription,
  isFromDeclared: boolean,
  to: TypeDescription,
  defaults: FieldDefaults | undefined,
): TypeEvolution {
  // What was inferred was inferred from some of the values only.
  if (!isFromDeclared) return to.kind === 'generic' ? 'same' : 'values'
  if (descriptionText(from) === descriptionText(to)) return 'same'
  return fits(from, to, defaults) ? 'values' : 'incompatible'
}

const widths: Readonly<Record<string, number>> = { int: 1, long: 2, double: 3 }

function fits(from: TypeDescription, to: TypeDescription, defaults: FieldDefaults | undefined): boolean {
  if (to.kind === 'generic' || from.kind === 'generic' || from.kind === 'nothing') return true
  if (to.kind === 'nullable') {
    if (from.kind !== 'nullable') return fits(from, to.of, defaults)
    return fits(from.of, to.of, defaults) && (to.orUndefined || !from.orUndefined)
  }
  if (from.kind === 'row' && to.kind === 'row') return rowFits(from.fields, to.fields, defaults)
  if (from.kind === 'tuple' && to.kind === 'tuple')
    return from.items.length === to.items.length && from.items.every((item, i) => fits(item, to.items[i]!, undefined))
  if (from.kind === 'list' && to.kind === 'list') return fits(from.of, to.of, undefined)
  if (from.kind === 'map' && to.kind === 'map')
    return fits(from.key, to.key, undefined) && fits(from.value, to.value, undefined)
  const [narrow, wide] = [widths[from.kind], widths[to.kind]]
  if (narrow !== undefined && wide !== undefined) return narrow <= wide
  return from.kind === to.kind
}

function rowFits(
  from: readonly FieldDescription[],
  to: readonly FieldDescription[],
  defaults: FieldDefaults | undefined,
): boolean {
  const before = new Map(from.map((field) => [field.name, field]))
  return to.every((field) => {
    const old = before.get(field.name)
    const mayLack = field.optional || hasDefault(defaults, field.name)
    if (old === undefined) return mayLack
    return (!old.optional || mayLack) && fits(old.type, field.type, undefined)
  })
}

function hasDefault(defaults: FieldDefaults | undefined, name: string): boolean {
  return defaults !== undefined && Object.hasOwn(defaults, name)
}

export interface EvolvedValue {
  readonly value: unknown
}

/** Brings values to a declared type, one by one. */
export class ValueEvolution {
  readonly #to: TypeDescription
  readonly #defaults: FieldDefaults | undefined
  readonly #encoder: GeneralEncoder

  constructor(to: TypeDescription, defaults: FieldDefaults | undefined, registry: TypeRegistry | undefined) {
    this.#to = to
    this.#defaults = defaults
    this.#encoder = new GeneralEncoder({ registry })
  }

  /** With fields added and removed; undefined if the value cannot be one of the type. */
  evolve(old: unknown): EvolvedValue | undefined {
    const value = project(old, this.#to, this.#defaults)
    return this.#mismatch(value) ? undefined : { value }
  }

  isOfType(value: unknown): boolean {
    return !this.#mismatch(value)
  }

  #mismatch(value: unknown): boolean {
    return findTypeMismatch(value, this.#to, this.#encoder, () => 'Cannot restore a value') !== undefined
  }
}

/** The parts of a value that a type has room for, where the forms agree; what does not fit is left to be found. */
function project(value: unknown, type: TypeDescription, defaults: FieldDefaults | undefined): unknown {
  switch (type.kind) {
    case 'nullable':
      return value === null || value === undefined ? value : project(value, type.of, defaults)
    case 'row':
      return isPlainObject(value) ? projectRow(value, type.fields, defaults) : value
    case 'tuple':
      return isPlainArray(value) && value.length === type.items.length
        ? value.map((item, i) => project(item, type.items[i]!, undefined))
        : value
    case 'list':
      return isPlainArray(value) ? value.map((item) => project(item, type.of, undefined)) : value
    case 'map':
      return value instanceof Map
        ? new Map([...value].map(([k, v]) => [project(k, type.key, undefined), project(v, type.value, undefined)]))
        : value
    default:
      return value
  }
}

function projectRow(
  value: Readonly<Record<string, unknown>>,
  fields: readonly FieldDescription[],
  defaults: FieldDefaults | undefined,
): object {
  const row: Record<string, unknown> = {}
  for (const { name, type, optional } of fields) {
    if (Object.hasOwn(value, name) && !(optional && value[name] === undefined))
      row[name] = project(value[name], type, undefined)
    else if (hasDefault(defaults, name)) row[name] = defaults![name]
  }
  return row
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function isPlainArray(value: unknown): value is readonly unknown[] {
  return (
    Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype && !value.some((_, i) => !(i in value))
  )
}
