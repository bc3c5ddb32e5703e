import type { FieldDescription, TypeDescription } from './type-description.ts'

const generic: TypeDescription = { kind: 'generic' }
const nothing: TypeDescription = { kind: 'nothing' }
const int: TypeDescription = { kind: 'int' }
const double: TypeDescription = { kind: 'double' }
const string: TypeDescription = { kind: 'string' }
const boolean: TypeDescription = { kind: 'boolean' }
const scalar: TypeDescription = { kind: 'scalar' }
const absent: TypeDescription = { kind: 'nullable', of: nothing, orUndefined: true }

/** Beyond these, a part is left to the general codec: the generated code would grow without being faster. */
const fieldsMax = 64
const tupleItemsMax = 8
const depthMax = 8
/** Elements of a list that are looked at. If one of the others is different, it does not fit, and the type is widened. */
const elementsMax = 64

/** The narrowest type of a value that the general codec takes. */
export function inferType(value: unknown, depth = 0): TypeDescription {
  switch (typeof value) {
    case 'number':
      return Object.is(value | 0, value) ? int : double
    case 'string':
      return string
    case 'boolean':
      return boolean
    case 'bigint':
      return { kind: 'bigint' }
    case 'undefined':
      return absent
    case 'object':
      return value === null ? absent : inferObjectType(value, depth)
    default:
      return generic
  }
}

function inferObjectType(value: object, depth: number): TypeDescription {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return { kind: 'date' }
  if (prototype === Uint8Array.prototype || prototype === Buffer.prototype) return { kind: 'bytes' }
  if (depth >= depthMax) return generic
  if (Array.isArray(value) && prototype === Array.prototype) return inferArrayType(value, depth)
  return prototype === Object.prototype ? inferRowType(value, depth) : generic
}

function inferRowType(value: object, depth: number): TypeDescription {
  const keys = Object.keys(value)
  if (keys.length > fieldsMax || keys.includes('__proto__')) return generic
  const fields = keys.map((name) => ({
    name,
    type: inferType((value as Readonly<Record<string, unknown>>)[name], depth + 1),
    optional: false,
  }))
  return { kind: 'row', fields }
}

/** Short arrays are tuples, as in `[word, 1]`, unless all their elements are objects: those are lists of any length. */
function inferArrayType(value: readonly unknown[], depth: number): TypeDescription {
  const items: TypeDescription[] = []
  for (let i = 0; i < value.length && i < elementsMax; i++) {
    if (!Object.hasOwn(value, i)) return generic
    items.push(inferType(value[i], depth + 1))
  }
  const isTuple = value.length > 0 && value.length <= tupleItemsMax && !items.every((item) => item.kind === 'row')
  return isTuple ? { kind: 'tuple', items } : { kind: 'list', of: joinAll(items) }
}

function joinAll(types: readonly TypeDescription[]): TypeDescription {
  return types.reduce(joinTypes, nothing)
}

/** The narrowest type that has the values of both. */
export function joinTypes(a: TypeDescription, b: TypeDescription): TypeDescription {
  if (a.kind === 'nothing') return b
  if (b.kind === 'nothing') return a
  if (a.kind === 'nullable' || b.kind === 'nullable') return joinNullable(a, b)
  if (isNumber(a) && isNumber(b)) return a.kind === b.kind ? a : double
  if (isScalar(a) && isScalar(b)) return a.kind === b.kind ? a : scalar
  if (a.kind === 'row' && b.kind === 'row') return joinRows(a.fields, b.fields)
  if (isArray(a) && isArray(b)) return joinArrays(a, b)
  return a.kind === b.kind ? a : generic
}

type ArrayDescription = Extract<TypeDescription, { kind: 'tuple' | 'list' }>

function isNumber(type: TypeDescription): boolean {
  return type.kind === 'int' || type.kind === 'double'
}

function isScalar(type: TypeDescription): boolean {
  return isNumber(type) || type.kind === 'string' || type.kind === 'boolean' || type.kind === 'scalar'
}

function isArray(type: TypeDescription): type is ArrayDescription {
  return type.kind === 'tuple' || type.kind === 'list'
}

/** A text has room for null and undefined in its length; other scalars become tagged ones, which have them too. */
function joinNullable(a: TypeDescription, b: TypeDescription): TypeDescription {
  const of = joinTypes(a.kind === 'nullable' ? a.of : a, b.kind === 'nullable' ? b.of : b)
  if (of.kind === 'generic') return of
  if (isScalar(of) && of.kind !== 'string') return scalar
  return { kind: 'nullable', of, orUndefined: true }
}

/** Other keys make another layout at the top of a record; further down they are left to the general codec. */
function joinRows(a: readonly FieldDescription[], b: readonly FieldDescription[]): TypeDescription {
  if (a.length !== b.length || a.some((field, i) => field.name !== b[i]!.name)) return generic
  return { kind: 'row', fields: a.map((field, i) => ({ ...field, type: joinTypes(field.type, b[i]!.type) })) }
}

function joinArrays(a: ArrayDescription, b: ArrayDescription): TypeDescription {
  if (a.kind === 'tuple' && b.kind === 'tuple' && a.items.length === b.items.length) {
    return { kind: 'tuple', items: a.items.map((item, i) => joinTypes(item, b.items[i]!)) }
  }
  const elements = (type: ArrayDescription): TypeDescription => (type.kind === 'list' ? type.of : joinAll(type.items))
  return { kind: 'list', of: joinTypes(elements(a), elements(b)) }
}
