/** Where a job's text goes. A returned promise asks to wait; its rejection says that the text is lost. */
export type WriteText = (text: string) => void | Promise<void>

/** Writes text in order, one piece after the other, and tells when each has left. */
export class TextWriter {
  readonly #standardOutput: WriteText
  readonly #standardError: WriteText
  readonly #onLost: (error: unknown) => void
  #last: Promise<void> = Promise.resolve()

  /** @param onLost - told when a piece of the job's standard output, which is data, could not be written. */
  constructor(standardOutput: WriteText, standardError: WriteText, onLost: (error: unknown) => void) {
    this.#standardOutput = standardOutput
    this.#standardError = standardError
    this.#onLost = onLost
  }

  write(stream: 'stdout' | 'stderr', text: string, onWritten: () => void): void {
    const isData = stream === 'stdout'
    this.#last = this.#last
      .then(() => (isData ? this.#standardOutput(text) : this.#standardError(text)))
      .catch((error: unknown) => {
        if (isData && !isClosedPipe(error)) this.#onLost(error)
      })
      .then(onWritten)
  }

  /** Resolves when everything so far has left. */
  settled(): Promise<void> {
    return this.#last
  }
}

/** Nobody reads any more, as after `| head`: what is not written is not missed. */
export function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
}
