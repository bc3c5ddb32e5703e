import { MillraceError } from '../base/error.ts'

/** What went wrong in the process of a job, with the code, message and facts that it has there. */
export class RemoteError extends MillraceError {
  /** Of an operation's `failure-cause`; undefined if it is none. */
  static from(cause: unknown): RemoteError | undefined {
    if (typeof cause !== 'object' || cause === null) return undefined
    const { code, message, facts } = cause as Readonly<Record<string, unknown>>
    const text = typeof message === 'string' ? message : String((cause as { readonly class?: unknown }).class)
    return new RemoteError(
      typeof code === 'string' ? code : 'UNEXPECTED',
      text,
      typeof facts === 'object' && facts !== null ? (facts as Readonly<Record<string, unknown>>) : {},
    )
  }
}
