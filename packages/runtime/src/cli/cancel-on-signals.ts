import type { Clock } from '../base/clock.ts'
import type { JobHandle } from '../cluster/job-handle.ts'
import type { CommandLineIo, StopSignal } from './command-line-io.ts'
import { exitStatus } from './exit-status.ts'

/** A job that has not ended so long after the first signal is ended by force: within five seconds in any case. */
const graceMs = 4_500

/**
 * npm hands a Ctrl-C on to its child, which got it from the terminal already: two signals that come as close together as no
 * hand can press are one.
 */
const echoMs = 80

/** Turns signals into the end of a job: the first one cancels it in order, the second one ends the process at once. */
export class CancelOnSignals {
  readonly #io: Pick<CommandLineIo, 'exit'> & { readonly clock: Clock }
  readonly #say: (text: string) => void
  readonly #stopListening: () => void
  #handle: JobHandle | undefined
  #canceledBy: keyof typeof exitStatus.bySignal | undefined
  #canceledAtMs = 0
  #stopGrace: () => void = () => {}

  constructor(io: CommandLineIo, say: (text: string) => void) {
    this.#io = io
    this.#say = say
    this.#stopListening = io.onSignal((signal) => this.#onSignal(signal))
  }

  /** What canceled the job, if anything did. */
  get canceledBy(): keyof typeof exitStatus.bySignal | undefined {
    return this.#canceledBy
  }

  /** From now on a signal cancels this job; before, it ends the process. */
  watch(handle: JobHandle): void {
    this.#handle = handle
  }

  /** Nobody reads stdout any more (`| head`), which ends a job as it ends other programs; but in order. */
  outputClosed(): void {
    if (this.#canceledBy === undefined) this.#cancel('SIGPIPE')
  }

  dispose(): void {
    this.#stopListening()
    this.#stopGrace()
  }

  #onSignal(signal: StopSignal): void {
    const isRepeated = this.#canceledBy === 'SIGINT' || this.#canceledBy === 'SIGTERM'
    if (isRepeated && this.#io.clock.monotonicMs() - this.#canceledAtMs < echoMs) return
    if (this.#handle === undefined || isRepeated) {
      this.#io.exit(exitStatus.bySignal[signal])
      return
    }
    this.#say(`Canceling job ${this.#handle.name} (${signal}). Once more ends it at once.`)
    this.#cancel(signal)
  }

  #cancel(reason: keyof typeof exitStatus.bySignal): void {
    this.#canceledBy = reason
    this.#canceledAtMs = this.#io.clock.monotonicMs()
    this.#stopGrace()
    this.#stopGrace = this.#io.clock.schedule(graceMs, () => this.#io.exit(exitStatus.bySignal[reason]))
    // How the job ends is told by its result.
    this.#handle?.cancel().catch(() => {})
  }
}
