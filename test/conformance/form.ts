import { FormError, isObject } from './conformance.ts'

// What the readers of the vector files have in common: each answers the value, or says which place is wrong.

export function object(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value
  throw new FormError(`${place} must be an object`)
}

export function array(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new FormError(`${place} must be an array`)
}

export function text(value: unknown, place: string): string {
  if (typeof value === 'string') return value
  throw new FormError(`${place} must be a text`)
}

export function integer(value: unknown, place: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value
  throw new FormError(`${place} must be an integer`)
}

/** `[3, 5]`: e.g. a parallelism and its default max parallelism. */
export function integerPair(value: unknown, place: string): readonly [number, number] {
  const pair = array(value, place)
  if (pair.length !== 2) throw new FormError(`${place} must have two elements`)
  return [integer(pair[0], `${place}[0]`), integer(pair[1], `${place}[1]`)]
}
