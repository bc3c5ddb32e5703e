import type { Clock } from '../base/clock.ts'
import type { OutputStream } from './terminal.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** What the command line needs of the process it runs in. */
export interface CommandLineIo {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Calls `listener` at each signal, until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void
  /** Ends the process at once, with all its threads. */
  exit(status: number): void
}
