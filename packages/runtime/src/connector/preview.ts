import { inspect } from 'node:util'

/** What is shown of a record at most: 4 levels deep, 100 elements a collection, 10,000 characters a string. */
const inspection = {
  depth: 4,
  maxArrayLength: 100,
  maxStringLength: 10_000,
  breakLength: Number.POSITIVE_INFINITY,
  compact: true,
} as const

/** `value` in one line that a person can read: strings as they are, anything else as Node shows it. */
export function inspectInOneLine(value: unknown): string {
  if (typeof value === 'string') return value
  const text = inspect(value, inspection)
  // Only custom inspections and stacks of errors still break lines.
  return text.includes('\n') ? text.replaceAll(/\s*\n\s*/g, ' ') : text
}

/**
 * A record as error messages show it: one line, strings quoted, at most `lengthMax` characters and then `...`.
 *
 * @example
 * ```ts
 * preview({ user: 'ann', amount: 3 }) // -> "{ user: 'ann', amount: 3 }"
 * ```
 */
export function preview(value: unknown, lengthMax = 200): string {
  const text = inspectInOneLine(typeof value === 'string' ? JSON.stringify(value.slice(0, lengthMax + 1)) : value)
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}...`
}
