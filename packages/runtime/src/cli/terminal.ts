import type { Writable } from 'node:stream'

/** A stream of the process as the command line uses it: a terminal, a file or a pipe. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** What a stream may show. */
export interface TerminalTraits {
  /** Whether lines can be overwritten. */
  readonly isLive: boolean
  readonly hasColors: boolean
}

/** Writes `text` and, where the reader is slower than we are, waits for it. Rejects if nobody reads any more. */
export function writeText(stream: OutputStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Respects `TERM=dumb`, and `NO_COLOR` (https://no-color.org). */
export function terminalTraits(
  stream: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
): TerminalTraits {
  const isLive = stream.isTTY === true && env.TERM !== 'dumb'
  return { isLive, hasColors: isLive && (env.NO_COLOR ?? '') === '' }
}
