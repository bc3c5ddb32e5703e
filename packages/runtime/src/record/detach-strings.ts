import { recordDepthMax } from './general-encoder.ts'

/** V8 copies shorter substrings; one of this length or more refers to the string it was cut from. */
export const pinningLengthMin = 13

/**
 * What a record becomes to be kept: a text of 13 or more characters may be a cut of the texts of a whole segment, and
 * would keep them all alive, so it is copied. A field that equals the field of `previous`, which was detached before,
 * takes the previous text instead. Answers `value` itself if it has no such text; otherwise a copy, `value` stays as it
 * is. Instances of classes are kept as they are.
 */
export function detach<T>(value: T, previous?: T): T {
  return walk(value, previous, 0) as T
}

/** A flat string of its own. The parts are flat, and `join` copies them. */
export function copyString(text: string): string {
  return [text.substring(0, 1), text.substring(1)].join('')
}

function walk(value: unknown, previous: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    if (value.length < pinningLengthMin) return value
    return value === previous ? previous : copyString(value)
  }
  if (typeof value !== 'object' || value === null || value === previous || depth >= recordDepthMax) return value
  if (Array.isArray(value)) return walkArray(value, Array.isArray(previous) ? previous : [], depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    const before = typeof previous === 'object' && previous !== null ? previous : {}
    return walkFields(value as Fields, before as Fields, depth)
  }
  if (prototype === Map.prototype) return walkMap(value as Map<unknown, unknown>, previous, depth)
  if (prototype === Set.prototype) return walkSet(value as Set<unknown>, depth)
  return value
}

type Fields = Readonly<Record<string, unknown>>

function walkFields(value: Fields, previous: Fields, depth: number): object {
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(value)) {
    const before = Object.hasOwn(previous, key) ? previous[key] : undefined
    const detached = walk(value[key], before, depth + 1)
    if (!differs(value[key], detached)) continue
    copy ??= Object.assign(Object.create(Object.getPrototypeOf(value) as object | null) as object, value)
    Object.defineProperty(copy, key, { value: detached, writable: true, enumerable: true, configurable: true })
  }
  return copy ?? value
}

function walkArray(value: readonly unknown[], previous: readonly unknown[], depth: number): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < value.length; i++) {
    const item = value[i]
    const detached = walk(item, previous[i], depth + 1)
    if (!differs(item, detached)) continue
    copy ??= value.slice()
    copy[i] = detached
  }
  return copy ?? value
}

function walkMap(
  value: ReadonlyMap<unknown, unknown>,
  previous: unknown,
  depth: number,
): ReadonlyMap<unknown, unknown> {
  const before = previous instanceof Map ? (previous as ReadonlyMap<unknown, unknown>) : undefined
  const copy = new Map<unknown, unknown>()
  let isChanged = false
  for (const [key, item] of value) {
    const detachedKey = walk(key, undefined, depth + 1)
    const detachedItem = walk(item, before?.get(key), depth + 1)
    isChanged ||= differs(key, detachedKey) || differs(item, detachedItem)
    copy.set(detachedKey, detachedItem)
  }
  return isChanged ? copy : value
}

function walkSet(value: ReadonlySet<unknown>, depth: number): ReadonlySet<unknown> {
  const copy = new Set<unknown>()
  let isChanged = false
  for (const item of value) {
    const detached = walk(item, undefined, depth + 1)
    isChanged ||= differs(item, detached)
    copy.add(detached)
  }
  return isChanged ? copy : value
}

/** A long text that was detached is equal to the one it was made of, and yet another. */
function differs(value: unknown, detached: unknown): boolean {
  return typeof detached === 'string' ? detached.length >= pinningLengthMin : !Object.is(value, detached)
}
