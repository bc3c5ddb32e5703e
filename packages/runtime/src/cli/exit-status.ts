import type { StopSignal } from './command-line-io.ts'

/** What `millrace` ends with. Signals follow the convention of shells: 128 and the number of the signal. */
export const exitStatus: {
  readonly success: 0
  readonly jobFailed: 1
  readonly usage: 2
  readonly bySignal: Readonly<Record<StopSignal | 'SIGPIPE', number>>
} = {
  success: 0,
  jobFailed: 1,
  usage: 2,
  bySignal: { SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 },
}
