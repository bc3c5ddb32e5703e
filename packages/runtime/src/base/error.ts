/** What goes with an error beside its message. */
export interface MillraceErrorOptions extends ErrorOptions {
  readonly isLasting?: boolean
}

/**
 * The root of every error that Millrace raises on purpose.
 *
 * `code` is stable and meant for programs; `message` says what was attempted, with which value, and what would do;
 * `facts` repeats the values as plain data; `cause` keeps what went wrong underneath. Each room has one subclass.
 *
 * @example
 * const job = defineJob('empty', () => {})
 * const reason: unknown = await runInSimulation(job).catch((error: unknown) => error)
 * const code = reason instanceof MillraceError ? reason.code : undefined // -> 'NO_OPERATORS'
 */
export class MillraceError<Code extends string = string> extends Error {
  readonly code: Code
  /** Every further attempt of the job would fail in the same way, so none is made. */
  declare readonly isLasting?: true
  readonly facts: Readonly<Record<string, unknown>>

  constructor(
    code: Code,
    message: string,
    facts: Readonly<Record<string, unknown>> = {},
    options?: MillraceErrorOptions,
  ) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.facts = facts
    if (options?.isLasting === true) this.isLasting = true
  }
}
