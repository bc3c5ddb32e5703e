import { MillraceError } from '../base/error.ts'

/** An error as plain data, so that it crosses threads with its name, code, stack and causes. */
export interface ErrorData {
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  readonly code: string | undefined
  readonly cause: ErrorData | undefined
}

const CAUSES_MAX = 16
const TEXT_MAX = 64 * 1024

/** Describes whatever was thrown, also what is not an error; bounded in length and depth. */
export function describeError(thrown: unknown, depth = 0): ErrorData {
  if (!(thrown instanceof Error)) {
    return { name: 'Error', message: describeValue(thrown), stack: undefined, code: undefined, cause: undefined }
  }
  const cause = thrown.cause === undefined || depth >= CAUSES_MAX ? undefined : describeError(thrown.cause, depth + 1)
  const code: unknown = 'code' in thrown ? thrown.code : undefined
  return {
    name: String(thrown.name).slice(0, TEXT_MAX),
    message: String(thrown.message).slice(0, TEXT_MAX),
    stack: typeof thrown.stack === 'string' ? thrown.stack.slice(0, TEXT_MAX) : undefined,
    code: typeof code === 'string' ? code : undefined,
    cause,
  }
}

/** The error again: its class is lost, but name, message, code, stack and causes are kept. */
export function reviveError(data: ErrorData): Error {
  const options = data.cause === undefined ? undefined : { cause: reviveError(data.cause) }
  const error =
    data.code === undefined ? new Error(data.message, options) : new MillraceError(data.code, data.message, {}, options)
  error.name = data.name
  if (data.stack !== undefined) error.stack = data.stack
  return error
}

function describeValue(thrown: unknown): string {
  try {
    return `${typeof thrown === 'string' ? thrown : `${typeof thrown} ${String(thrown)}`} (thrown, but not an Error)`.slice(
      0,
      TEXT_MAX,
    )
  } catch {
    return `a value of type ${typeof thrown} was thrown, but not an Error`
  }
}
