import type { OutputTag } from './output-tag.ts'
import type { RuntimeContext } from './runtime-context.ts'

/**
 * Where a function puts its results. A collected record is immutable from then on. Collect within the call: a collector
 * that is kept for a callback refuses records with OperatorError `COLLECTED_TOO_LATE` once the operator is being closed.
 */
export interface Collector<T> {
  collect(record: T): void
}

/**
 * The life cycle that every rich function may take part in. One instance serves one subtask. A function that has the methods
 * of `CheckpointedFunction` or `CheckpointListener` as well takes part in checkpoints.
 */
export interface RichFunction {
  /** Called once before the first record. The place to open connections, create counters, and get keyed states. */
  open?(context: RuntimeContext): void | Promise<void>
  /**
   * Called once at the end, also after a failure or a cancellation, if `open` was called. An `open` that is under way has
   * settled by then, unless it takes longer than a second.
   */
  close?(): void | Promise<void>
}

/** A rich function that may still emit when a bounded input has ended. */
export interface EndInputFunction<U> {
  endInput?(out: Collector<U>): void | Iterable<U>
}

/** A rich function that makes one record of each record. */
export interface RichMapFunction<T, U> extends RichFunction {
  map(value: T): U
}

/** A rich function that keeps the records for which it answers true. */
export interface RichFilterFunction<T> extends RichFunction {
  filter(value: T): boolean
}

/**
 * Results go to `out`, or are yielded by a generator, which the runtime pauses while output is not available; it need
 * not end. At a cancellation or a failure a paused generator is ended, so that its `finally` blocks run.
 */
export interface RichFlatMapFunction<T, U> extends RichFunction, EndInputFunction<U> {
  flatMap(value: T, out: Collector<U>): void | Iterable<U>
}

/** What a process function may ask and do beside its main output. */
export interface ProcessContext {
  /** Emits to a side output; read it with `getSideOutput(tag)` on the operator's stream. */
  output<X>(tag: OutputTag<X>, value: X): void
  /** The record's event time in milliseconds since the epoch; undefined if it has none. */
  timestamp(): number | undefined
  /** The wall clock in milliseconds since the epoch (virtual in simulation). */
  currentProcessingTime(): number
}

/** The rich form of the general function: any number of records, side outputs, and the time. */
export interface RichProcessFunction<T, U> extends RichFunction, EndInputFunction<U> {
  processElement(value: T, context: ProcessContext, out: Collector<U>): void | Iterable<U>
}

/** A rich function that combines two records of one key into a new one, and changes neither. */
export interface RichReduceFunction<T> extends RichFunction {
  reduce(accumulated: T, value: T): T
}

/** Makes one record of each record of two streams. */
export interface RichCoMapFunction<A, B, U> extends RichFunction {
  map1(value: A): U
  map2(value: B): U
}

/** Makes any number of records of each record of two streams. */
export interface RichCoFlatMapFunction<A, B, U> extends RichFunction, EndInputFunction<U> {
  flatMap1(value: A, out: Collector<U>): void | Iterable<U>
  flatMap2(value: B, out: Collector<U>): void | Iterable<U>
}

/** The general function of two streams: any number of records, side outputs, and the time. */
export interface RichCoProcessFunction<A, B, U> extends RichFunction, EndInputFunction<U> {
  processElement1(value: A, context: ProcessContext, out: Collector<U>): void | Iterable<U>
  processElement2(value: B, context: ProcessContext, out: Collector<U>): void | Iterable<U>
}

/** Makes one record of each record. Not a promise of one. */
export type MapFunction<T, U> = ((value: T) => U) | RichMapFunction<T, U>
/** Keeps the records for which it answers true. */
export type FilterFunction<T> = ((value: T) => boolean) | RichFilterFunction<T>
/** Makes any number of records of each record: those it returns or yields, and those it collects. */
export type FlatMapFunction<T, U> = ((value: T, out: Collector<U>) => void | Iterable<U>) | RichFlatMapFunction<T, U>
/** The general function: any number of records of each record, side outputs, and the time. */
export type ProcessFunction<T, U> =
  | ((value: T, context: ProcessContext, out: Collector<U>) => void | Iterable<U>)
  | RichProcessFunction<T, U>
/** Combines two records of one key into a new one, and changes neither. */
export type ReduceFunction<T> = ((accumulated: T, value: T) => T) | RichReduceFunction<T>
/** The key of a record. Pure: it is called in several threads, and must answer the same. */
export type KeySelector<T, K> = (value: T) => K
/** Chooses the channel: an integer in `0 .. channelCount - 1`. */
export type Partitioner<K> = (key: K, channelCount: number) => number
