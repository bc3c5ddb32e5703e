import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { InputGate } from '../exchange/input-gate.ts'
import type { RecordWriter } from '../exchange/record-writer.ts'
import type { SubtaskMetrics } from '../metrics/subtask-metrics.ts'
import type { OperatorContext, Resumed } from '../operators/generated-operator.ts'
import { NO_RECORD, OperatorFailure } from '../operators/operator-failure.ts'
import { describeError } from '../protocol/error-data.ts'
import type { SubtaskAddress, SubtaskFailure } from '../protocol/messages.ts'
import { isTerminalSubtaskState, type SubtaskState, subtaskTransition } from '../protocol/subtask-state.ts'
import type { OutputAvailability } from '../record/segment-codec.ts'
import { END_OF_INPUT } from '../record/stream-element.ts'
import type { Chain } from './chain.ts'
import { EndOfInputSteps } from './end-of-input.ts'
import type { MutationChecks } from './mutation-checks.ts'
import type { Pacing } from './pacing.ts'
import type { SourceTask } from './source-task.ts'
import { TimeShares } from './time-shares.ts'

/** What a subtask is made of. */
export interface SubtaskParts {
  readonly address: SubtaskAddress
  readonly chain: Chain
  readonly contexts: readonly OperatorContext[]
  readonly gates: readonly { readonly gate: InputGate<unknown>; readonly typeNumber: 0 | 1 | 2 }[]
  readonly writers: readonly RecordWriter<unknown>[]
  readonly source: SourceTask | undefined
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
}

/**
 * How long a call of user code that is under way (a write, a flush, an open) may hold up `close`, which otherwise never
 * overlaps with it. Below the time after which the coordinator ends the thread.
 */
const UNDER_WAY_MAX_MS = 1_000

/**
 * One parallel instance of a chain. Its slot visits it in turn; a visit never blocks. It takes input only while all of
 * its output is available, which is how backpressure travels to the sources.
 */
export class Subtask {
  readonly address: SubtaskAddress
  readonly #parts: SubtaskParts
  readonly #shares: TimeShares
  #state: SubtaskState = 'DEPLOYING'
  #nextGate = 0
  #inputEnded = false
  #ending: EndOfInputSteps | undefined
  #endEmitted = false
  /** Operators before this position from the end are open. */
  #opened: number
  #initializing: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #closed = false

  constructor(parts: SubtaskParts) {
    this.address = parts.address
    this.#parts = parts
    this.#opened = parts.chain.operators.length
    this.#shares = new TimeShares(parts.clock)
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

  /** Opens the operators, last first as Flink does, so that each finds its successors open. Never rejects. */
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
      const { chain, contexts, source } = this.#parts
      while (this.#opened > 0 && this.#state === 'INITIALIZING') {
        const i = --this.#opened
        try {
          await chain.operators[i]?.open?.(contexts[i]!)
        } catch (error) {
          chain.outputs[i]!.fail(NO_RECORD, error)
        }
      }
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
    if (this.#state !== 'RUNNING') return false
    const { clock, availability } = this.#parts
    const start = clock.monotonicMs()
    let worked = false
    try {
      switch (this.#resumeOutput()) {
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
    return next
  }

  publishMetrics(): void {
    const { gates, writers, source, chain, metrics } = this.#parts
    let recordsIn = source === undefined ? 0 : chain.recordsFromSource()
    let bytesIn = 0
    for (const { gate } of gates) {
      recordsIn += gate.recordsIn
      bytesIn += gate.bytesIn
    }
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

  /** Sends what waits for credit, then resumes what is paused in the chain, last operator first. `done`: input may come. */
  #resumeOutput(): Resumed {
    const { writers, chain, availability } = this.#parts
    let drained = true
    for (const writer of writers) if (!writer.drain()) drained = false
    availability.stop = !drained
    if (!drained) return 'blocked'
    let result: Resumed = 'done'
    for (let i = chain.operators.length - 1; i >= 0; i--) {
      const resumed = chain.operators[i]?.paused?.resume() ?? 'done'
      if (resumed === 'progress' || (resumed === 'blocked' && result === 'done')) result = resumed
    }
    if (result !== 'done') availability.stop = true
    // What was paused is done but has used up the credit: the next visit drains again.
    return result === 'done' && availability.stop ? 'progress' : result
  }

  #work(): boolean {
    if (!this.#inputEnded) return this.#takeInput()
    if (!this.#endEmitted) {
      this.#ending ??= new EndOfInputSteps(this.#parts.chain)
      switch (this.#ending.step(this.#parts.wake)) {
        case 'more':
          return true
        case 'waiting':
          return false
        case 'done':
          for (const writer of this.#parts.writers) writer.emitElement(END_OF_INPUT)
          this.#endEmitted = true
          return true
      }
    }
    // Reached only when every writer is drained: the end is on its way.
    if (this.#closing !== undefined) return false
    void this.#finish().finally(this.#parts.wake)
    return true
  }

  #takeInput(): boolean {
    const { source, pacing, clock } = this.#parts
    const recordsMax = pacing.recordsMax()
    const start = clock.monotonicMs()
    const records = source === undefined ? this.#pollGates(recordsMax) : this.#pollSource(source, recordsMax)
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

  /** Answers how many records and control elements were handled. */
  #pollGates(recordsMax: number): number {
    const { gates, availability, chain } = this.#parts
    let handled = 0
    let finished = 0
    for (let n = 0; n < gates.length && !availability.stop; n++) {
      const { gate, typeNumber } = gates[this.#nextGate]!
      this.#nextGate = (this.#nextGate + 1) % gates.length
      handled += gate.poll(chain.inputs[typeNumber]!, availability, recordsMax)
      for (let met = gate.takeElement(); met !== undefined; met = gate.takeElement()) {
        assert(met.element.kind === 'end', () => `unexpected ${met?.element.kind} in a channel`)
        handled++
      }
      if (gate.isFinished) finished++
    }
    if (finished === gates.length) this.#inputEnded = true
    return handled
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

  /** Closes at a cancellation or after a failure: another failure is only logged. Never rejects. */
  async #closeAnyway(): Promise<void> {
    try {
      await this.#close()
    } catch (error) {
      const { logger } = this.#parts.contexts[0]!
      logger.warn('a function failed while it was closed', { error: describeFailure(error) })
    }
  }

  /**
   * Ends paused generators, then closes the source and every operator that was opened, head first; the first failure is
   * thrown after the last.
   */
  async #closeAll(): Promise<void> {
    const { chain, source, writers, contexts, wake } = this.#parts
    let first: { readonly error: unknown } | undefined
    const attempt = async (close: () => void | Promise<void>, i: number) => {
      try {
        await close()
      } catch (error) {
        first ??= { error: new OperatorFailure(contexts[i]!.taskInfo.name, NO_RECORD, error) }
      }
    }
    try {
      chain.refuseRecords()
      await this.#underWay()
      for (const [i, operator] of chain.operators.entries()) {
        if (operator?.paused?.abandon) await attempt(() => operator.paused?.abandon?.(), i)
      }
      if (source !== undefined) await attempt(() => source.close(), 0)
      for (let i = this.#opened; i < chain.operators.length; i++) {
        const operator = chain.operators[i]
        if (operator?.close) await attempt(() => operator.close?.(), i)
      }
      for (const writer of writers) writer.close()
      this.publishMetrics()
    } finally {
      this.#closed = true
      wake()
    }
    if (first !== undefined) throw first.error
  }

  /** Waits for what user code still does, such as a write to a sink: not for ever, it may never end. */
  async #underWay(): Promise<void> {
    const { chain, clock } = this.#parts
    const settled = [this.#initializing, this.#ending?.settled()]
    for (const operator of chain.operators) settled.push(operator?.paused?.settled?.())
    const pending = settled.filter((each) => each !== undefined)
    if (pending.length === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = clock.schedule(UNDER_WAY_MAX_MS, resolve)
    await Promise.race([Promise.all(pending), promise])
    cancel()
  }

  #enter(state: SubtaskState, failure?: SubtaskFailure): void {
    this.#state = subtaskTransition(this.#state, state)
    this.#parts.onState(state, failure)
  }
}

function describeFailure(error: unknown): SubtaskFailure {
  if (error instanceof OperatorFailure) {
    return {
      operatorName: error.operatorName,
      recordPreview: error.recordPreview,
      error: describeError(error.cause),
    }
  }
  return { operatorName: '', recordPreview: undefined, error: describeError(error) }
}
