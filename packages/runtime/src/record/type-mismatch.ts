import { types } from 'node:util'
import type { GeneralEncoder } from './general-encoder.ts'
import { constructorName, previewRecord } from './preview.ts'
import { RecordError } from './record-error.ts'
import { describePath, formatPath, type RecordPathStep } from './record-path.ts'
import { type FieldDescription, type TypeDescription, typeName } from './type-description.ts'

/**
 * Finds the first place where `record` is not of the declared type, and answers the error that says so; undefined if
 * there is none. A generic part that the general codec refuses throws the codec's own error.
 */
export function findTypeMismatch(
  record: unknown,
  type: TypeDescription,
  general: GeneralEncoder,
  attempt: () => string,
): RecordError | undefined {
  const path: RecordPathStep[] = []
  const found = find(record, type, path, general)
  if (found === undefined) return undefined
  const at = formatPath(path)
  const expected = found.expected
  const actual = found.missing ? 'nothing' : actualOf(found.value)
  return new RecordError(
    'TYPE_MISMATCH',
    `${attempt()}: ${describePath(at)} was declared as ${expected}, and is ${actual}. Remedy: emit what was declared, or correct the type.`,
    { path: at, expected, actual },
  )
}

interface Mismatch {
  readonly expected: string
  readonly value: unknown
  readonly missing?: boolean
}

/** Leaves `path` at the place that is found. */
function find(
  value: unknown,
  type: TypeDescription,
  path: RecordPathStep[],
  general: GeneralEncoder,
): Mismatch | undefined {
  const mismatch = { expected: typeName(type), value }
  const step = (at: RecordPathStep, inner: unknown, innerType: TypeDescription): Mismatch | undefined => {
    path.push(at)
    const found = find(inner, innerType, path, general)
    if (found === undefined) path.pop()
    return found
  }
  switch (type.kind) {
    case 'generic':
      general.encode(value, path)
      return undefined
    case 'nullable':
      if (value === null || (type.orUndefined && value === undefined)) return undefined
      return findInNullable(mismatch, type.of, path, general)
    case 'row': {
      if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
        return mismatch
      for (const field of type.fields) {
        const inner = (value as Readonly<Record<string, unknown>>)[field.name]
        if (field.optional && inner === undefined) continue
        if (inner === undefined && !Object.hasOwn(value, field.name)) return missing(field, path)
        const found = step(field.name, inner, field.type)
        if (found !== undefined) return found
      }
      return undefined
    }
    case 'tuple':
    case 'list': {
      if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype) return mismatch
      if (type.kind === 'tuple' && value.length !== type.items.length) return mismatch
      for (let i = 0; i < value.length; i++) {
        const innerType = type.kind === 'tuple' ? type.items[i]! : type.of
        if (!Object.hasOwn(value, i)) {
          path.push(i)
          return { expected: typeName(innerType), value: undefined, missing: true }
        }
        const found = step(i, value[i], innerType)
        if (found !== undefined) return found
      }
      return undefined
    }
    case 'map': {
      if (!types.isMap(value) || Object.getPrototypeOf(value) !== Map.prototype || Object.keys(value).length > 0)
        return mismatch
      for (const [key, inner] of value) {
        const found =
          step({ of: 'map key', entry: key }, key, type.key) ?? step({ of: 'map value', entry: key }, inner, type.value)
        if (found !== undefined) return found
      }
      return undefined
    }
    default:
      return isScalarOfType(value, type.kind) ? undefined : mismatch
  }
}

/** What does not even start to be of the inner type is reported with `| null`; otherwise the place further down. */
function findInNullable(
  mismatch: Mismatch,
  of: TypeDescription,
  path: RecordPathStep[],
  general: GeneralEncoder,
): Mismatch | undefined {
  const depth = path.length
  const found = find(mismatch.value, of, path, general)
  return found !== undefined && path.length === depth ? mismatch : found
}

function missing(field: FieldDescription, path: RecordPathStep[]): Mismatch {
  path.push(field.name)
  return { expected: typeName(field.type), value: undefined, missing: true }
}

function isScalarOfType(value: unknown, kind: TypeDescription['kind']): boolean {
  switch (kind) {
    case 'int':
      return typeof value === 'number' && Object.is(value | 0, value)
    case 'long':
      return Number.isSafeInteger(value)
    case 'double':
      return typeof value === 'number'
    case 'date':
      return types.isDate(value) && Object.getPrototypeOf(value) === Date.prototype && Object.keys(value).length === 0
    case 'bytes':
      return (
        value instanceof Uint8Array && [Uint8Array.prototype, Buffer.prototype].includes(Object.getPrototypeOf(value))
      )
    case 'scalar':
      return value === null || ['undefined', 'boolean', 'number', 'string'].includes(typeof value)
    case 'nothing':
      return false
    default:
      return typeof value === kind
  }
}

function actualOf(value: unknown): string {
  const preview = previewRecord(value, 80)
  if (typeof value === 'object' && value !== null) return `${constructorName(value)} ${preview}`
  return value === null || value === undefined ? preview : `${typeof value} ${preview}`
}
