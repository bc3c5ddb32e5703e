import { createHash } from 'node:crypto'
import { corrupt, RecordError } from './record-error.ts'
import type { TypeInformation } from './type-information.ts'

/**
 * What a codec is generated from: plain data, the same for declared and for inferred types. The kinds `scalar`
 * (null, undefined, boolean, number or string, with a tag), `nothing` (no value at all: the elements of empty arrays)
 * and `orUndefined` are only inferred.
 */
export type TypeDescription =
  | { readonly kind: ScalarKind | 'date' | 'bytes' | 'generic' | 'nothing' }
  | { readonly kind: 'nullable'; readonly of: TypeDescription; readonly orUndefined: boolean }
  | { readonly kind: 'row'; readonly fields: readonly FieldDescription[] }
  | { readonly kind: 'tuple'; readonly items: readonly TypeDescription[] }
  | { readonly kind: 'list'; readonly of: TypeDescription }
  | { readonly kind: 'map'; readonly key: TypeDescription; readonly value: TypeDescription }

type ScalarKind = 'string' | 'boolean' | 'int' | 'long' | 'double' | 'bigint' | 'scalar'

export interface FieldDescription {
  readonly name: string
  readonly type: TypeDescription
  /** Whether the field may be missing, which is not the same as undefined. */
  readonly optional: boolean
}

const simpleKinds: ReadonlySet<string> = new Set([
  'string',
  'boolean',
  'int',
  'long',
  'double',
  'bigint',
  'scalar',
  'date',
  'bytes',
  'generic',
  'nothing',
] satisfies TypeDescription['kind'][])

const depthMax = 100

/** What is inside a type information. Throws RecordError INVALID_TYPE if it was not made by `Types`. */
export function descriptionOf(type: TypeInformation<unknown>): TypeDescription {
  const description = read(type, 0)
  if (description !== undefined) return description
  throw new RecordError(
    'INVALID_TYPE',
    `Cannot make a codec from a type information of kind ${JSON.stringify(type?.kind)}: make it with Types or typeFromStandardSchema`,
  )
}

/** One text for each type: two types are equal if their texts are. */
export function descriptionText(description: TypeDescription): string {
  return JSON.stringify(description)
}

/** The way back. Throws RecordError CORRUPT_DATA. */
export function parseDescription(text: string): TypeDescription {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new RecordError('CORRUPT_DATA', 'Cannot decode a record: the layout is not readable', {}, { cause })
  }
  const description = read(parsed, 0)
  if (description === undefined) throw corrupt('the layout is not one of ours')
  return description
}

/** Whether values of the types have the same form, field by field and in the same order. */
export function typesEqual(a: TypeInformation<unknown>, b: TypeInformation<unknown>): boolean {
  return descriptionText(descriptionOf(a)) === descriptionText(descriptionOf(b))
}

/** 32 hex digits that are the same for equal types, in every version of Millrace. */
export function typeDigest(type: TypeInformation<unknown>): string {
  return createHash('sha256')
    .update(descriptionText(descriptionOf(type)))
    .digest('hex')
    .slice(0, 32)
}

/** Whether some part of the type is left to the general codec. */
export function hasGenericPart(description: TypeDescription): boolean {
  switch (description.kind) {
    case 'generic':
      return true
    case 'nullable':
    case 'list':
      return hasGenericPart(description.of)
    case 'row':
      return description.fields.some((field) => hasGenericPart(field.type))
    case 'tuple':
      return description.items.some(hasGenericPart)
    case 'map':
      return hasGenericPart(description.key) || hasGenericPart(description.value)
    default:
      return false
  }
}

/** `{id: int, tags?: list<string>}`, for messages. */
export function typeName(description: TypeDescription): string {
  switch (description.kind) {
    case 'nullable':
      return `${typeName(description.of)} | null${description.orUndefined ? ' | undefined' : ''}`
    case 'list':
      return `list<${typeName(description.of)}>`
    case 'row':
      return `{${description.fields.map((f) => `${f.name}${f.optional ? '?' : ''}: ${typeName(f.type)}`).join(', ')}}`
    case 'tuple':
      return `[${description.items.map(typeName).join(', ')}]`
    case 'map':
      return `map<${typeName(description.key)}, ${typeName(description.value)}>`
    default:
      return description.kind
  }
}

/** A copy with the properties in a fixed order and no others, or undefined if `value` describes no type. */
function read(value: unknown, depth: number): TypeDescription | undefined {
  if (typeof value !== 'object' || value === null || depth > depthMax) return undefined
  const { kind, of, orUndefined, fields, items, key, value: mapped } = value as Readonly<Record<string, unknown>>
  if (typeof kind !== 'string') return undefined
  if (simpleKinds.has(kind)) return { kind } as TypeDescription
  switch (kind) {
    case 'nullable': {
      const inner = read(of, depth + 1)
      return inner && { kind, of: inner, orUndefined: orUndefined === true }
    }
    case 'list': {
      const inner = read(of, depth + 1)
      return inner && { kind, of: inner }
    }
    case 'map': {
      const keys = read(key, depth + 1)
      const values = read(mapped, depth + 1)
      return keys && values && { kind, key: keys, value: values }
    }
    case 'tuple': {
      const all = Array.isArray(items) ? items.map((item) => read(item, depth + 1)) : [undefined]
      return all.includes(undefined) ? undefined : { kind, items: all as TypeDescription[] }
    }
    case 'row': {
      const all = Array.isArray(fields) ? fields.map((field) => readField(field, depth + 1)) : [undefined]
      if (all.includes(undefined)) return undefined
      const names = new Set(all.map((field) => field!.name))
      return names.size === all.length ? { kind, fields: all as FieldDescription[] } : undefined
    }
  }
  return undefined
}

function readField(value: unknown, depth: number): FieldDescription | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { name, type, optional } = value as Readonly<Record<string, unknown>>
  const inner = read(type, depth)
  // A literal with `__proto__` in it would set the prototype.
  if (typeof name !== 'string' || name === '__proto__' || inner === undefined) return undefined
  return { name, type: inner, optional: optional === true }
}
