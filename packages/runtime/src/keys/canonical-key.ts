import { invalidKey, notAKey } from './key-error.ts'

const DEPTH_MAX = 16
const LONG_MIN = -(2n ** 63n)
const LONG_MAX = 2n ** 63n - 1n

/** Starts the text of a composite key. A string key that starts with it gets another, so that the two never meet. */
const MARK = '\u0000'

/**
 * The key in a form that a Map compares by value: the same logical key gives the same form, different keys different
 * ones. Primitives stay as they are, but -0 becomes 0; arrays and plain objects become a text in which the order of
 * properties does not count. Throws {@link KeyError} for what cannot be a key.
 */
export function canonicalKey(key: unknown): string | number | boolean | bigint {
  if (typeof key === 'string') return key.charCodeAt(0) === 0 ? MARK + key : key
  if (typeof key === 'number') {
    if (Number.isNaN(key)) throw invalidKey('NaN', 'NaN', '')
    return key + 0
  }
  if (typeof key === 'boolean') return key
  if (typeof key === 'bigint') return checkLong(key, '')
  if (key === null) throw notAKey(key, '')
  return MARK + compositeKeyText(key)
}

/** The text of an array or a plain object whose equality is that of the keys. Its UTF-8 bytes are what is hashed. */
export function compositeKeyText(key: unknown): string {
  return text(key, '', 0)
}

/** Answers `value`; throws if it is beyond 64 bits. */
export function checkLong(value: bigint, path: string): bigint {
  if (value < LONG_MIN || value > LONG_MAX) throw invalidKey('bigint', `${String(value).slice(0, 40)}n`, path)
  return value
}

/**
 * Strings come with their length, so that nothing in them needs escaping: `[1,5"hello,true]`, `{2"id:7n}`. The path is
 * only put together on the way down, where most keys have no further level.
 */
function text(value: unknown, path: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return `${value.length}"${value}`
    case 'number':
      if (Number.isNaN(value)) throw invalidKey('NaN', 'NaN', path)
      return String(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'bigint':
      return `${checkLong(value, path)}n`
    case 'object':
      if (value === null) return 'null'
      if (depth === DEPTH_MAX) throw invalidKey('depth', 'a value nested this deep', path)
      if (Array.isArray(value)) return arrayText(value, path, depth)
      return objectText(value, path, depth)
    default:
      throw notAKey(value, path)
  }
}

function arrayText(values: readonly unknown[], path: string, depth: number): string {
  let result = '['
  for (let i = 0; i < values.length; i++) {
    if (i > 0) result += ','
    const value = values[i]
    result += isLeaf(value) ? text(value, path, depth) : text(value, `${path}[${i}]`, depth + 1)
  }
  return `${result}]`
}

function objectText(value: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw notAKey(value, path)
  const names = Object.keys(value).sort()
  let result = '{'
  for (let i = 0; i < names.length; i++) {
    if (i > 0) result += ','
    const name = names[i]!
    const field: unknown = (value as Readonly<Record<string, unknown>>)[name]
    const fieldText = isLeaf(field) ? text(field, path, depth) : text(field, `${path}.${name}`, depth + 1)
    result += `${name.length}"${name}:${fieldText}`
  }
  return `${result}}`
}

/** A value whose text cannot fail, so that it needs no path. */
function isLeaf(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && !Number.isNaN(value))
}
