import { recordDepthMax } from './general-encoder.ts'

/**
 * Freezes the plain objects and arrays of a record, at every level, also those inside Maps and Sets. Answers whether
 * that covers the whole record: Map, Set, Date, binary values and instances of classes cannot be frozen (their contents
 * are not properties, or are changed by their own methods), so they take a fingerprint.
 */
export function deepFreeze(record: unknown): boolean {
  return freeze(record, 0, new Set())
}

function freeze(value: unknown, depth: number, seen: Set<object>): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  if (seen.has(value)) return true
  seen.add(value)
  if (depth >= recordDepthMax) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null || (Array.isArray(value) && prototype === Array.prototype)) {
    Object.freeze(value)
    let isWhole = true
    for (const key of Object.keys(value)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key)
      if (descriptor !== undefined && !freeze(descriptor.value, depth + 1, seen)) isWhole = false
    }
    return isWhole
  }
  if (value instanceof Map) {
    for (const [key, item] of value) {
      freeze(key, depth + 1, seen)
      freeze(item, depth + 1, seen)
    }
  } else if (value instanceof Set) {
    for (const item of value) freeze(item, depth + 1, seen)
  }
  return false
}
