import type { Clock } from '../base/clock.ts'
import type { InputGate } from '../exchange/input-gate.ts'
import type { RecordWriter } from '../exchange/record-writer.ts'
import type { SubtaskMetrics } from '../metrics/subtask-metrics.ts'
import type { OperatorContext, OperatorStates } from '../operators/generated-operator.ts'
import { describeError, type ErrorData } from '../protocol/error-data.ts'
import type { CheckpointOptions, SubtaskAddress, SubtaskFailure } from '../protocol/messages.ts'
import { isTerminalSubtaskState, type SubtaskState, subtaskTransition } from '../protocol/subtask-state.ts'
import type { OutputAvailability } from '../record/segment-codec.ts'
import { type CheckpointBarrier, END_OF_INPUT, SUSPENDED } from '../record/stream-element.ts'
import type { SubtaskRestore } from '../snapshot/snapshot.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import type { Chain } from './chain.ts'
import { ChainOpening } from './chain-opening.ts'
import { ChainTimers } from './chain-timers.ts'
import type { CheckpointAlignment } from './checkpoint-alignment.ts'
import { closeChain } from './close-chain.ts'
import { describeFailure } from './describe-failure.ts'
import { EndOfInputSteps } from './end-of-input.ts'
import type { MutationChecks } from './mutation-checks.ts'
import type { Pacing } from './pacing.ts'
import { resumeOutput } from './resume-output.ts'
import type { SourceTask } from './source-task.ts'
import type { SubtaskCheckpoints } from './subtask-checkpoints.ts'
import { SubtaskInputs } from './subtask-inputs.ts'
import { TimeShares } from './time-shares.ts'

/** What a subtask is made of. */
export interface SubtaskParts {
  readonly address: SubtaskAddress
  readonly chain: Chain
  readonly contexts: readonly OperatorContext[]
  /** By position in the chain. */
  readonly states: readonly OperatorStates[]
  readonly restore: SubtaskRestore | undefined
  readonly storage: SnapshotStorage
  readonly gates: readonly { readonly gate: InputGate<unknown>; readonly typeNumber: 0 | 1 | 2 }[]
  readonly writers: readonly RecordWriter<unknown>[]
  readonly source: SourceTask | undefined
  readonly alignment: CheckpointAlignment
  readonly checkpoints: SubtaskCheckpoints
  /** Whether there will be a checkpoint after the end of the input, to make visible what was written before. */
  readonly expectsFinalCheckpoint: boolean
  readonly availability: OutputAvailability
  readonly clock: Clock
  readonly pacing: Pacing
  readonly metrics: SubtaskMetrics
  /** In check mode. */
  readonly checks: MutationChecks | undefined
  readonly abort: AbortController
  /** Has the slot visit its subtasks again. */
  readonly wake: () => void
  readonly onState: (state: SubtaskState, failure?: SubtaskFailure) => void
  /** All input is handled; what was written becomes visible when a further checkpoint is complete. */
  readonly onAwaitingFinalCheckpoint: () => void
}

/**
 * One parallel instance of a chain. Its slot visits it in turn; a visit never blocks. It takes input only while all of
 * its output is available, which is how backpressure travels to the sources.
 */
export class Subtask {
  readonly address: SubtaskAddress
  readonly #parts: SubtaskParts
  readonly #shares: TimeShares
  readonly #inputs: SubtaskInputs
  readonly #timers: ChainTimers
  readonly #opening: ChainOpening
  readonly #commitsOnCheckpoint: boolean
  #state: SubtaskState = 'DEPLOYING'
  #inputEnded = false
  /** The channels ended because the job is being stopped: operators do not take it for the end of their input. */
  #suspended = false
  #ending: EndOfInputSteps | undefined
  /** Operators have been told of the end of their input, and have emitted what they held back. */
  #endHandled = false
  #endEmitted = false
  /** The savepoint that begins here, and after which this subtask ends. */
  #stop: { readonly checkpointId: number; readonly mode: 'suspend' | 'drain' } | undefined
  /** Checkpoints that no barrier brings, since all inputs are about to end. */
  #triggered: CheckpointOptions[] = []
  /** The first checkpoint that was taken with the effect of all input. If it fails, any later one will do. */
  #finalCheckpointId: number | undefined
  #awaitingAnnounced = false
  /** Fires timers and takes input in turn, so that neither starves the other. */
  #timersFiredLast = false
  /** Output was not available at the last visit. */
  #blocked = false
  #initializing: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #closed = false

  constructor(parts: SubtaskParts) {
    this.address = parts.address
    this.#parts = parts
    this.#opening = new ChainOpening(parts.chain, parts.contexts, parts.wake)
    this.#shares = new TimeShares(parts.clock)
    this.#inputs = new SubtaskInputs({
      ...parts,
      onAligned: (aligned) => parts.checkpoints.add(aligned),
      onEnded: (isSuspended) => this.#onInputsEnded(isSuspended),
    })
    this.#timers = new ChainTimers(parts.chain, parts.clock)
    this.#commitsOnCheckpoint = parts.chain.operators.some((operator) => operator?.commitsOnCheckpoint)
    if (parts.restore?.isFinished || parts.restore?.hasEndedInput) this.#endHandled = true
  }

  get state(): SubtaskState {
    return this.#state
  }

  get isEnded(): boolean {
    return isTerminalSubtaskState(this.#state)
  }

  /** Whether it has ended and its functions are closed: nothing is left for its thread to do. */
  get isClosed(): boolean {
    return this.isEnded && this.#closed
  }

  /** Whether it is on its way out, and its functions may still be at work. */
  get isClosing(): boolean {
    return !this.#closed && (this.#closing !== undefined || this.isEnded)
  }

  /** Whether something waits for the world outside: a write, a flush, a commit. */
  get hasWorkUnderWay(): boolean {
    const { chain, checkpoints } = this.#parts
    if (this.isClosed) return false
    if (checkpoints.settled() !== undefined || this.#ending?.settled() !== undefined) return true
    return chain.operators.some((operator) => operator?.paused?.settled?.() !== undefined)
  }

  /** Whether operators have been told of the end of their input, and have emitted what they held back. */
  get hasEndedInput(): boolean {
    return this.#endHandled
  }

  /** Restores state and opens the operators, last first as Flink does, so that each finds its successors open. Never rejects. */
  initialize(): Promise<void> {
    this.#initializing = this.#open().finally(() => {
      this.#initializing = undefined
      this.#parts.wake()
    })
    return this.#initializing
  }

  async #open(): Promise<void> {
    this.#enter('INITIALIZING')
    try {
      const { restore, source, states, storage } = this.#parts
      if (restore?.isFinished) {
        // As it was when the snapshot was taken: nothing is opened, and all that is left is to say so downstream.
        this.#inputEnded = true
        this.#enter('RUNNING')
        return
      }
      await this.#opening.restore(restore, states, storage)
      await this.#opening.open()
      if (this.#state !== 'INITIALIZING') return
      await source?.start()
      // The state may have changed while we waited, so the type checker's narrowing does not hold.
      if ((this.#state as SubtaskState) === 'INITIALIZING') this.#enter('RUNNING')
    } catch (error) {
      this.fail(error)
    }
  }

  /**
   * Does what can be done now, for about a millisecond at most. Answers whether anything was done; if not, a ring of
   * the slot's doorbell tells when to come again.
   */
  visit(): boolean {
    if (this.#state !== 'RUNNING') return this.#opening.resume()
    const { clock, availability, checkpoints } = this.#parts
    const start = clock.monotonicMs()
    let worked = false
    try {
      checkpoints.check()
      const resumed = resumeOutput(this.#parts)
      this.#blocked = resumed === 'blocked'
      switch (resumed) {
        case 'done':
          worked = this.#work()
          break
        case 'progress':
          worked = true
          break
        case 'blocked':
          break
      }
      this.#parts.checks?.verify()
      const failure = this.#parts.chain.failure()
      if (failure !== undefined) throw failure
    } catch (error) {
      // What a function swallowed came first.
      this.fail(this.#parts.chain.failure() ?? error)
      return true
    }
    this.#shares.add(start, worked ? 'busy' : availability.stop ? 'backPressured' : 'idle')
    return worked
  }

  /** Sends what has waited long enough in partly filled segments. Answers when the next is due, monotonic ms. */
  flushDue(nowMs: number): number {
    if (this.#state !== 'RUNNING') return Number.POSITIVE_INFINITY
    let next = Number.POSITIVE_INFINITY
    try {
      for (const writer of this.#parts.writers) next = Math.min(next, writer.flushDue(nowMs))
    } catch (error) {
      this.fail(error)
    }
    // Timers that are due but cannot fire wait for output, whose bell will ring.
    if (!this.#blocked && this.#takesInput) next = Math.min(next, nowMs + this.#timers.dueInMs())
    return next
  }

  /** A checkpoint begins here: this is a source, or all its inputs have ended. */
  triggerCheckpoint(options: CheckpointOptions): void {
    const { source, writers, checkpoints, restore } = this.#parts
    if (this.#state !== 'RUNNING') {
      checkpoints.decline(options.checkpointId, notRunning(this.#state))
      return
    }
    if (this.#inputs.count > 0 && !this.#inputs.allEnded) {
      this.#triggered.push(options)
      return
    }
    // It has nothing to say but that it has finished, as before.
    if (restore?.isFinished) return
    // No barrier can follow the end: those behind it would wait for it in vain. What becomes of this subtask, its finish or
    // its announcement, is on its way to the coordinator, which tries again with it in mind.
    if (this.#endEmitted && writers.length > 0 && !this.#awaitingAnnounced) return
    source?.hold(options.checkpointId)
    if (source !== undefined && options.stop !== 'none') {
      this.#stop = { checkpointId: options.checkpointId, mode: options.stop }
    }
    this.#addTriggered(options)
  }

  /** Sends it into every channel that has not ended, behind all records so far. */
  emitBarrier(barrier: CheckpointBarrier): void {
    if (this.#endEmitted) return
    for (const writer of this.#parts.writers) writer.emitElement(barrier)
  }

  abortCheckpoint(checkpointId: number): void {
    if (this.isEnded) return
    const { alignment, checkpoints, source } = this.#parts
    alignment.abort(checkpointId)
    checkpoints.abort(checkpointId)
    this.#triggered = this.#triggered.filter((options) => options.checkpointId !== checkpointId)
    if (this.#stop?.checkpointId === checkpointId) this.#stop = undefined
    this.#attempt(() => {
      if (!checkpoints.isPending(checkpointId)) source?.release(checkpointId)
    })
  }

  notifyCheckpointComplete(checkpointId: number): void {
    if (this.isEnded) return
    this.#parts.checkpoints.complete(checkpointId)
    if (this.#stop?.checkpointId === checkpointId && !this.#endEmitted) {
      this.#inputEnded = true
      this.#suspended = this.#stop.mode === 'suspend'
    }
  }

  #onInputsEnded(isSuspended: boolean): void {
    this.#inputEnded = true
    if (isSuspended) this.#suspended = true
    for (const options of this.#triggered) this.#addTriggered(options)
    this.#triggered = []
  }

  #addTriggered({ checkpointId, timestampMs, stop }: CheckpointOptions): void {
    if (stop !== 'none') this.#stop = { checkpointId, mode: stop }
    this.#parts.checkpoints.add({
      barrier: { kind: 'barrier', checkpointId, timestampMs, isDrain: stop === 'drain' },
      firstBarrierMs: this.#parts.clock.now(),
      alignmentMs: 0,
    })
  }

  /** Whether records may come, and timers fire. */
  get #takesInput(): boolean {
    return !this.#inputEnded && this.#stop === undefined && !this.#parts.checkpoints.hasPending
  }

  publishMetrics(): void {
    const { writers, source, chain, metrics } = this.#parts
    const recordsIn = (source === undefined ? 0 : chain.recordsFromSource()) + this.#inputs.recordsIn
    const { bytesIn } = this.#inputs
    let recordsOut = chain.recordsToSinks()
    let bytesOut = 0
    for (const writer of writers) {
      recordsOut += writer.recordsOut
      bytesOut += writer.bytesOut
    }
    metrics.publish({ recordsIn, recordsOut, bytesIn, bytesOut, ...this.#shares.totals })
  }

  get source(): SourceTask | undefined {
    return this.#parts.source
  }

  /** Stops taking input; resolves when the functions are closed. Never rejects. */
  async cancel(): Promise<void> {
    if (this.isEnded) return
    if (this.#state !== 'CANCELING') this.#enter('CANCELING')
    this.#parts.abort.abort()
    await this.#closeAnyway()
    if (!this.isEnded) this.#enter('CANCELED')
    // The slot may have been visited since the functions were closed, and is done only now.
    this.#parts.wake()
  }

  /** Ends as failed, which is told at once; the functions are still closed. */
  fail(error: unknown): void {
    if (this.isEnded) return
    // What goes wrong while canceling is a consequence of it, not a failure.
    if (this.#state === 'CANCELING') return
    this.#enter('FAILED', describeFailure(error))
    this.#parts.abort.abort()
    void this.#closeAnyway()
  }

  #work(): boolean {
    const { checkpoints } = this.#parts
    if (checkpoints.hasPending) {
      // Operators that are being told of the end of their input are not left in between.
      if ((checkpoints.drains || this.#inputEnded) && !this.#endHandled && !this.#suspended) return this.#handleEnd()
      return this.#takeCheckpoint()
    }
    if (!this.#inputEnded) {
      if (this.#stop !== undefined) return false
      this.#timersFiredLast = !this.#timersFiredLast && this.#timers.fire()
      return this.#timersFiredLast || this.#takeInput()
    }
    if (!this.#endHandled && !this.#suspended) return this.#handleEnd()
    if (!this.#endEmitted) {
      // If the job is being stopped, those behind the savepoint must not take our end for the end of their input: what they
      // made of it would belong to no checkpoint any more. Whether it is stopped is not known before.
      if (this.#stop?.mode === 'suspend' && !this.#suspended) return false
      const end = this.#suspended ? SUSPENDED : END_OF_INPUT
      for (const writer of this.#parts.writers) writer.emitElement(end)
      this.#endEmitted = true
      return true
    }
    // Reached only when every writer is drained: the end is on its way.
    if (this.#closing !== undefined || !this.#mayFinish()) return false
    void this.#finish().finally(this.#parts.wake)
    return true
  }

  #handleEnd(): boolean {
    this.#ending ??= new EndOfInputSteps(this.#parts.chain)
    switch (this.#ending.step(this.#parts.wake)) {
      case 'more':
        return true
      case 'waiting':
        return false
      case 'done':
        this.#endHandled = true
        return true
    }
  }

  #takeCheckpoint(): boolean {
    const { checkpoints, source } = this.#parts
    if (checkpoints.step() === 'waiting') return false
    if (this.#endHandled) this.#finalCheckpointId ??= checkpoints.takenId
    if (checkpoints.takenId !== undefined) source?.release(checkpoints.takenId)
    return true
  }

  /** Whether all that was written has become visible, or need not wait for that. */
  #mayFinish(): boolean {
    const { checkpoints, expectsFinalCheckpoint, restore, source } = this.#parts
    const commits = this.#commitsOnCheckpoint || source?.commitsOnCheckpoint === true
    if (!commits || restore?.isFinished) return true
    // A stopped job ends with a savepoint, which is the last checkpoint that was taken.
    if (this.#suspended) return checkpoints.completedId >= (checkpoints.takenId ?? 0)
    // Without checkpoints its sinks have committed at the end of their input.
    if (!expectsFinalCheckpoint) return true
    if (this.#finalCheckpointId !== undefined && checkpoints.completedId >= this.#finalCheckpointId) return true
    if (!this.#awaitingAnnounced) this.#parts.onAwaitingFinalCheckpoint()
    this.#awaitingAnnounced = true
    return false
  }

  #takeInput(): boolean {
    const { source, pacing, clock } = this.#parts
    const recordsMax = pacing.recordsMax()
    const start = clock.monotonicMs()
    const records = source === undefined ? this.#inputs.poll(recordsMax) : this.#pollSource(source, recordsMax)
    if (records > 0) pacing.took(records, clock.monotonicMs() - start)
    // A reader with more at hand, though it emitted nothing, rings no bell.
    return records > 0 || this.#inputEnded || source?.isReady === true
  }

  #pollSource(source: SourceTask, recordsMax: number): number {
    if (!source.isReady) return 0
    const before = this.#parts.chain.recordsFromSource()
    if (source.poll(this.#parts.chain, recordsMax) === 'end-of-input') this.#inputEnded = true
    return this.#parts.chain.recordsFromSource() - before
  }

  async #finish(): Promise<void> {
    try {
      await this.#close()
      if (this.#state === 'RUNNING') this.#enter('FINISHED')
    } catch (error) {
      this.fail(error)
    }
  }

  #close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    const { writers, states, checkpoints, wake } = this.#parts
    this.#opening.cancel()
    try {
      await closeChain({
        ...this.#parts,
        opened: this.#opening.opened,
        underWay: [this.#initializing, this.#ending?.settled(), checkpoints.settled()],
      })
    } finally {
      for (const { keyed } of states) keyed?.dispose()
      for (const writer of writers) writer.close()
      this.publishMetrics()
      this.#closed = true
      wake()
    }
  }

  /** Closes at a cancellation or after a failure: another failure is only logged. Never rejects. */
  async #closeAnyway(): Promise<void> {
    try {
      await this.#close()
    } catch (error) {
      const { logger } = this.#parts.contexts[0]!
      logger.warn('a function failed while it was closed', { error: describeFailure(error) })
    }
  }

  #attempt(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.fail(error)
    }
  }

  #enter(state: SubtaskState, failure?: SubtaskFailure): void {
    this.#state = subtaskTransition(this.#state, state)
    this.#parts.onState(state, failure)
  }
}

function notRunning(state: SubtaskState): ErrorData {
  return describeError(new Error(`the subtask is ${state}`))
}
