import { MillraceError } from '../base/error.ts'

export type UsageErrorCode = 'USAGE'

/** The command line itself cannot be understood. `facts.hint` says what to write instead. */
export class UsageError extends MillraceError<UsageErrorCode> {
  constructor(message: string, hint: string) {
    super('USAGE', message, { hint })
  }
}
