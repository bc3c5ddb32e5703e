import type { OutputAvailability } from '../record/segment-codec.ts'
import type { ProcessingTimeTimers } from '../state/keyed-state-backend.ts'
import type { Collector } from './functions.ts'
import type { OperatorOutputs, OperatorStates, TimerWork } from './generated-operator.ts'
import type { OperatorKeyedProcessContext } from './keyed-process-context.ts'
import type { PausedIteration } from './paused-iteration.ts'

/** After so many timers records get their turn, and control. */
const TIMERS_PER_CALL = 256

/** A function with timers, without the types of its context. */
export interface WithTimers {
  onTimer?(timestampMs: number, context: never, out: Collector<unknown>): unknown
}

/** Calls `onTimer` for the timers of one operator that are due, each with its key as the current one. */
export class KeyedTimers implements TimerWork {
  readonly #onTimer: (timestampMs: number, context: unknown, out: Collector<unknown>) => unknown
  readonly #context: OperatorKeyedProcessContext
  readonly #paused: PausedIteration
  #timers!: ProcessingTimeTimers
  #outputs!: OperatorOutputs
  #availability!: OutputAvailability

  /** @param context - for timers only: a generator that is paused still reads its timestamp there. */
  constructor(fn: WithTimers, context: OperatorKeyedProcessContext, paused: PausedIteration) {
    this.#onTimer = (timestampMs, onTimerContext, out) => fn.onTimer?.(timestampMs, onTimerContext as never, out)
    this.#context = context
    this.#paused = paused
  }

  connect(outputs: OperatorOutputs): void {
    this.#outputs = outputs
    this.#availability = outputs.availability
  }

  declareState({ keyed }: OperatorStates): void {
    this.#timers = keyed!.processingTimeTimers
  }

  nextDueMs(): number {
    return this.#timers.nextDueMs()
  }

  fire(nowMs: number): boolean {
    let fired = false
    for (let left = TIMERS_PER_CALL; left > 0 && !this.#availability.stop && !this.#paused.holding; left--) {
      const timestampMs = this.#timers.takeDue(nowMs)
      if (timestampMs === undefined) return fired
      fired = true
      this.#call(timestampMs)
    }
    return fired
  }

  #call(timestampMs: number): void {
    const { collector, fail } = this.#outputs
    let result: unknown
    this.#context.timerTimestampMs = timestampMs
    try {
      result = this.#onTimer(timestampMs, this.#context, collector)
    } catch (error) {
      fail(this.#inHand(timestampMs), error)
    }
    if (result !== undefined) this.#paused.offer(result, this.#inHand(timestampMs))
  }

  /** Stands where a failure names the record. */
  #inHand(timer: number): unknown {
    return { key: this.#context.getCurrentKey(), timer }
  }
}
