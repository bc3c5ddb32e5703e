import { MillraceError } from '../base/error.ts'

/** A value that a key selector returned and that cannot be a key. `facts` holds its `kind`, and the `path` within it. */
export class KeyError extends MillraceError<'INVALID_KEY'> {}

const remedies = {
  undefined: 'the key selector must return a value for every record; check for a missing field or a missing `return`',
  null: 'return a value that stands for "none", e.g. an empty string, or filter such records before',
  NaN: 'NaN does not equal itself; filter such records before, or return a value that stands for them',
  function: 'return the value that it computes',
  symbol: 'return a string instead',
  promise: 'a key selector must return the key itself; look it up before, in an async operator',
  date: 'return its time in milliseconds, `date.getTime()`',
  bytes: 'return them as a string, e.g. in hexadecimal',
  instance: 'return its identifying fields as a string, a number, an array or a plain object',
  bigint: 'bigint keys are 64-bit integers, as long in Flink; return it as a string',
  depth: 'keys may be nested 16 levels deep and hold no cycles; return the fields that identify the record',
} as const

export type InvalidKeyKind = keyof typeof remedies

/** `path` is where the value was found within the key, e.g. `[1].user`; empty for the key itself. */
export function invalidKey(kind: InvalidKeyKind, shown: string, path: string): KeyError {
  const where = path === '' ? '' : ` (at ${path} of the key)`
  return new KeyError('INVALID_KEY', `Cannot use ${shown} as a key${where}: ${remedies[kind]}`, { kind, path })
}

/** For a value that is neither a string, a boolean, a number, a bigint, an array nor a plain object. */
export function notAKey(value: unknown, path: string): KeyError {
  if (value === undefined) return invalidKey('undefined', 'undefined', path)
  if (value === null) return invalidKey('null', 'null', path)
  if (typeof value === 'function') return invalidKey('function', 'a function', path)
  if (typeof value === 'symbol') return invalidKey('symbol', 'a symbol', path)
  if (value instanceof Promise) return invalidKey('promise', 'a promise', path)
  if (value instanceof Date) return invalidKey('date', 'a Date', path)
  if (ArrayBuffer.isView(value)) return invalidKey('bytes', `a ${value.constructor.name}`, path)
  return invalidKey('instance', `an instance of ${value.constructor?.name || 'an unnamed class'}`, path)
}
