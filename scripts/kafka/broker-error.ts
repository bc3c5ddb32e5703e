/** What a broker of ours could not do, in words for whoever typed the command. The code is stable. */
export class BrokerError extends Error {
  override readonly name: string = 'BrokerError'
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
