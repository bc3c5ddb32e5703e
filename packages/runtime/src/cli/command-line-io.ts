import type { Clock } from '../base/clock.ts'
import type { DetachedProcess, DetachedSelf } from './detached-process.ts'
import type { OutputStream } from './terminal.ts'

export type StopSignal = 'SIGINT' | 'SIGTERM'

/** What the command line needs of the process it runs in. */
export interface CommandLineIo {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  /** Undefined unless this process runs a job in the background. */
  readonly detached: DetachedSelf | undefined
  /** Starts this program again in the background, with its output in the file `log`. */
  startDetached(argv: readonly string[], log: string): Promise<DetachedProcess>
  /** Calls `listener` at each signal, until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void
  /** Ends the process at once, with all its threads. */
  exit(status: number): void
}
