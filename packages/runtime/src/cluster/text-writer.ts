/** Where a job's text goes. A returned promise asks to wait. */
export type WriteText = (text: string) => void | Promise<void>

/** Writes text in order, one piece after the other, and tells when each has left. */
export class TextWriter {
  readonly #standardOutput: WriteText
  readonly #standardError: WriteText
  #last: Promise<void> = Promise.resolve()

  constructor(standardOutput: WriteText, standardError: WriteText) {
    this.#standardOutput = standardOutput
    this.#standardError = standardError
  }

  write(stream: 'stdout' | 'stderr', text: string, onWritten: () => void): void {
    const write = stream === 'stdout' ? this.#standardOutput : this.#standardError
    this.#last = this.#last
      .then(() => write(text))
      // A closed pipe (`| head`) must not fail the job; the text has nowhere to go.
      .catch(() => {})
      .then(onWritten)
  }

  /** Resolves when everything so far has left. */
  settled(): Promise<void> {
    return this.#last
  }
}
