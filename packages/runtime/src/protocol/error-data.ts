import { types } from 'node:util'
import { MillraceError } from '../base/error.ts'
import { previewRecord } from '../record/preview.ts'

/** An error as plain data, so that it crosses threads with its name, code, stack, causes and parts. */
export interface ErrorData {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: string | undefined
  readonly isLasting?: true
  readonly cause: ErrorData | undefined
  /** The parts of an AggregateError. */
  readonly errors?: readonly ErrorData[]
}

/** Errors described for one, itself among them: causes, their causes, and parts. */
const ERRORS_MAX = 16
const TEXT_MAX = 64 * 1024

/** Describes whatever was thrown, also what is not an error; bounded in length and number. Never throws. */
export function describeError(thrown: unknown): ErrorData {
  return describe(thrown, new Set())
}

/** The error again: its class is lost, but name, message, code, stack, causes and parts are kept. */
export function reviveError(data: ErrorData): Error {
  const options = data.cause === undefined ? undefined : { cause: reviveError(data.cause) }
  const error = revive(data, options)
  // Not by assignment, which would make them enumerable.
  for (const name of ['name', 'stack'] as const) {
    if (data[name] === undefined) continue
    Object.defineProperty(error, name, { value: data[name], writable: true, enumerable: false, configurable: true })
  }
  return error
}

function revive(data: ErrorData, options: ErrorOptions | undefined): Error {
  if (data.errors !== undefined) {
    const error = new AggregateError(data.errors.map(reviveError), data.message, options)
    return data.code === undefined ? error : Object.assign(error, { code: data.code })
  }
  if (data.code === undefined) return new Error(data.message, options)
  return new MillraceError(data.code, data.message, {}, { ...options, ...(data.isLasting && { isLasting: true }) })
}

/** `seen` holds what has been described: a cause that leads back to it is left out. */
function describe(thrown: unknown, seen: Set<unknown>): ErrorData {
  seen.add(thrown)
  if (!isError(thrown)) {
    const message = `${typeof thrown === 'string' ? cut(thrown) : previewRecord(thrown, TEXT_MAX)} (thrown, but not an Error)`
    return { name: 'Error', message, stack: undefined, code: undefined, cause: undefined }
  }
  const code = read(thrown, 'code')
  const stack = read(thrown, 'stack')
  const cause = read(thrown, 'cause')
  const parts = read(thrown, 'errors')
  const data = {
    name: textOf(read(thrown, 'name'), 'Error'),
    message: textOf(read(thrown, 'message'), ''),
    stack: typeof stack === 'string' ? cut(stack) : undefined,
    code: typeof code === 'string' ? cut(code) : undefined,
    ...(read(thrown, 'isLasting') === true && { isLasting: true as const }),
    cause: cause === undefined || isLeftOut(cause, seen) ? undefined : describe(cause, seen),
  }
  if (!Array.isArray(parts) || parts.length === 0) return data
  const errors: ErrorData[] = []
  for (const part of parts.slice(0, ERRORS_MAX)) if (!isLeftOut(part, seen)) errors.push(describe(part, seen))
  return { ...data, errors }
}

function isLeftOut(thrown: unknown, seen: ReadonlySet<unknown>): boolean {
  return seen.size >= ERRORS_MAX || (typeof thrown === 'object' && thrown !== null && seen.has(thrown))
}

function isError(thrown: unknown): thrown is object {
  try {
    // The second knows errors of other realms (node:vm).
    return thrown instanceof Error || types.isNativeError(thrown)
  } catch {
    return false
  }
}

/** A property, or undefined if its getter throws. */
function read(error: object, name: string): unknown {
  try {
    return (error as Readonly<Record<string, unknown>>)[name]
  } catch {
    return undefined
  }
}

function textOf(value: unknown, otherwise: string): string {
  if (typeof value === 'string') return cut(value)
  return value === undefined ? otherwise : previewRecord(value, TEXT_MAX)
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`
}
