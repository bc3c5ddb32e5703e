import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/message-of.ts'
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

/** A savepoint that is not complete by then is not waited for. */
const savepointMs = 30_000

/** Turns signals into the end of a job: the first one cancels it in order, the second one ends the process at once. */
export class CancelOnSignals {
  readonly #io: Pick<CommandLineIo, 'exit'> & { readonly clock: Clock }
  readonly #say: (text: string) => void
  #handle: JobHandle | undefined
  #savesOnTerm = false
  #canceledBy: keyof typeof exitStatus.bySignal | undefined
  #canceledAtMs = 0
  #stopGrace: () => void = () => {}

  constructor(io: CommandLineIo, say: (text: string) => void) {
    this.#io = io
    this.#say = say
    io.onSignal((signal) => this.#onSignal(signal))
  }

  /** What canceled the job, if anything did. */
  get canceledBy(): keyof typeof exitStatus.bySignal | undefined {
    return this.#canceledBy
  }

  /**
   * From now on a signal cancels this job; before, it ends the process.
   *
   * @param savesOnTerm - SIGTERM ends the job with a savepoint, if that can be made in half a minute.
   */
  watch(handle: JobHandle, savesOnTerm: boolean): void {
    this.#handle = handle
    this.#savesOnTerm = savesOnTerm
  }

  /** Nobody reads stdout any more (`| head`), which ends a job as it ends other programs; but in order. */
  outputClosed(): void {
    if (this.#canceledBy === undefined) this.#cancel('SIGPIPE')
  }

  /**
   * The job has ended. Signals are still listened to: while the program ends, which takes a moment, one is to give it the
   * status of a signal that it has handled.
   */
  jobEnded(): void {
    this.#handle = undefined
    this.#stopGrace()
  }

  #onSignal(signal: StopSignal): void {
    const isRepeated = this.#canceledBy === 'SIGINT' || this.#canceledBy === 'SIGTERM'
    if (isRepeated && this.#io.clock.monotonicMs() - this.#canceledAtMs < echoMs) return
    if (this.#handle === undefined || isRepeated) {
      this.#io.exit(exitStatus.bySignal[signal])
      return
    }
    if (signal === 'SIGTERM' && this.#savesOnTerm) {
      this.#say(`Stopping job ${this.#handle.name} with a savepoint (${signal}). Once more ends it at once.`)
      void this.#stopWithSavepoint(this.#handle)
      return
    }
    this.#say(`Canceling job ${this.#handle.name} (${signal}). Once more ends it at once.`)
    this.#cancel(signal)
  }

  async #stopWithSavepoint(handle: JobHandle): Promise<void> {
    this.#canceledBy = 'SIGTERM'
    this.#canceledAtMs = this.#io.clock.monotonicMs()
    const giveUp = (why: string): void => {
      this.#say(`No savepoint was made: ${why.replace(/\.$/, '')}. Canceling job ${handle.name}.`)
      this.#cancel('SIGTERM')
    }
    let isOver = false
    this.#stopGrace = this.#io.clock.schedule(savepointMs, () => {
      isOver = true
      giveUp(`it is not complete after ${savepointMs / 1_000} s`)
    })
    try {
      const path = await handle.stopWithSavepoint()
      this.#say(`Savepoint completed. Path: ${path}`)
    } catch (error) {
      if (isOver || handle.endTimeMs !== undefined) return
      this.#stopGrace()
      giveUp(messageOf(error))
    }
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
