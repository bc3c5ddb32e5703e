import type { Clock } from '../base/clock.ts'
import type { SinkWriterContext } from '../connector/sink.ts'
import type { OutputAvailability } from '../record/segment-codec.ts'
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts'
import type { OperatorStateBackend } from '../state/operator-state-backend.ts'
import type { Collector } from './functions.ts'
import type { SubtaskContext } from './runtime-context.ts'

/**
 * One operator of a chain, as source text plus what the text refers to. The chain compiler puts the texts of a chain
 * into one function, so that V8 sees each call site with one target. The text of operator `i` must define
 * `input<i>(value)` (`input<i>First` and `input<i>Second` if it has two inputs) and may use
 *
 * - `emit<i>(value)`: to all main outputs;
 * - `side<i>(tagId, value)`: to the side outputs of that id;
 * - `collector<i>`: what a function collects into; it refuses records once the operator is being closed;
 * - `fail(i, value, error)`: never returns; an error that has been attributed to an operator keeps it.
 */
export interface GeneratedOperator {
  readonly text: string
  /** Names that the text uses, without the index: `{ fn }` is seen as `fn<i>`. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** Filled by the compiler before `open`: what emits from outside the text (end of input, resumed generators). */
  connect?(outputs: OperatorOutputs): void
  /** Names the states that the operator itself keeps: called first, before restored state is read in. */
  declareState?(state: OperatorStates): void
  /** Called before `open`, with restored state read in. */
  initializeState?(context: OperatorContext): void | Promise<void>
  open?(context: OperatorContext): void | Promise<void>
  /** After the last input. A returned iterable is paused while output is not available. */
  endInput?(out: Collector<unknown>): void | Iterable<unknown>
  /** After `endInput`, when all output is on its way: makes it durable. */
  flush?(): void | Promise<void>
  close?(): void | Promise<void>
  /**
   * A checkpoint begins: output that must be on its way before the barrier is emitted or flushed now. No input comes
   * until the promise has settled. (Flink: prepareSnapshotPreBarrier.)
   */
  prepareSnapshot?(checkpointId: number): void | Promise<void>
  /** Puts what is kept elsewhere into the operator's states, which are copied right after. No input comes meanwhile. */
  snapshotState?(checkpointId: number): void | Promise<void>
  /** The checkpoint is complete, and so are all before it. May come late or, for an earlier one, never. */
  notifyCheckpointComplete?(checkpointId: number): void | Promise<void>
  notifyCheckpointAborted?(checkpointId: number): void | Promise<void>
  /**
   * What it wrote becomes visible only when a checkpoint is complete, so that its subtask, at the end of its input, waits
   * for a last one.
   */
  readonly commitsOnCheckpoint?: boolean
  readonly timers?: TimerWork
  /** Work held back while output was not available, if this operator can hold any. */
  readonly paused?: PausedWork
}

/** Timers of an operator. */
export interface TimerWork {
  /** When the earliest is due, since the epoch; Infinity if there is none. */
  nextDueMs(): number
  /**
   * Calls the function for timers that are due, for a bounded time, and only while output is available and nothing of
   * the operator is paused. Answers whether anything was done.
   */
  fire(nowMs: number): boolean
}

/** The states of one operator in one subtask. */
export interface OperatorStates {
  /** Undefined unless the operator is keyed. */
  readonly keyed: KeyedStateBackend | undefined
  readonly operator: OperatorStateBackend
  /** Undefined if the job starts without state. */
  readonly restoredCheckpointId: number | undefined
}

/** What an operator may hold of its world. */
export interface OperatorContext extends SubtaskContext, SinkWriterContext {
  readonly states: OperatorStates
  readonly clock: Clock
  /** Sends a batch of encoded records to the program. */
  collected(name: string, records: readonly unknown[]): void
}

export interface OperatorOutputs {
  readonly emit: (value: unknown) => void
  /** To the side outputs of that id; refuses records once the operator is being closed. */
  side: (tagId: string, value: unknown) => void
  readonly collector: { collect(value: unknown): void }
  /** `value` is the record in hand, or NO_RECORD. The failure is known to the task even if someone catches it. */
  readonly fail: (value: unknown, error: unknown) => never
  readonly availability: OutputAvailability
  /** Has the task loop visit the subtask again. */
  readonly wake: () => void
}

/**
 * What became of paused work: nothing is left; some was done, so asking again may do more; or nothing can be done until
 * the doorbell rings.
 */
export type Resumed = 'done' | 'progress' | 'blocked'

/** Work that waits for output, in order. While any is held the subtask takes no input. */
export interface PausedWork {
  /** Goes on as far as output allows. */
  resume(): Resumed
  /** Takes an iterable's values as if the operator's function had returned it for the record `value`. */
  offer?(iterable: unknown, value: unknown): void
  /** Resolves when what is under way has ended; undefined if nothing is. Never rejects. */
  settled?(): Promise<void> | undefined
  /** Gives up what is paused, at a cancellation or a failure: generators run their finally blocks. */
  abandon?(): void
}
