import type { BroadcastState, ReadOnlyBroadcastState } from '../state/state.ts'
import type { MapStateDescriptor } from '../state/state-descriptor.ts'
import type { Collector, EndInputFunction, ProcessContext, RichFunction } from './functions.ts'
import type { KeyedProcessContext, OnTimerContext } from './keyed-process-function.ts'

/** What may be done with broadcast state where records of the other stream come: every subtask sees others of them. */
export interface ReadOnlyBroadcastAccess {
  /**
   * A state that was named by `broadcast(descriptor)`.
   *
   * @throws OperatorError `BROADCAST_STATE_NOT_NAMED` if it was not.
   */
  getBroadcastState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): ReadOnlyBroadcastState<UK, UV>
}

/** What a function may ask and do for a record of the stream that is not broadcast. */
export interface ReadOnlyBroadcastContext extends ProcessContext, ReadOnlyBroadcastAccess {}

/** As {@link ReadOnlyBroadcastContext}, with the key in hand and its timers. */
export interface KeyedReadOnlyBroadcastContext<out K> extends KeyedProcessContext<K>, ReadOnlyBroadcastAccess {}

/** As {@link KeyedReadOnlyBroadcastContext}, when a timer fires. */
export interface BroadcastOnTimerContext<out K> extends OnTimerContext<K>, ReadOnlyBroadcastAccess {}

/** What a function may ask and do for a broadcast record. No key is current. */
export interface BroadcastContext extends ProcessContext {
  /**
   * A state that was named by `broadcast(descriptor)`. All subtasks get the same records, in no common order among the
   * producers: the function answers for it that all end up with the same.
   *
   * @throws OperatorError `BROADCAST_STATE_NOT_NAMED` if it was not.
   */
  getBroadcastState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): BroadcastState<UK, UV>
}

interface BroadcastSide<B, O> extends RichFunction, EndInputFunction<O> {
  /** Takes a broadcast record, in every subtask. */
  processBroadcastElement(value: B, context: BroadcastContext, out: Collector<O>): void | Iterable<O>
}

/** The function of a stream that is connected with a broadcast stream. */
export interface BroadcastProcessFunction<I, B, O> extends BroadcastSide<B, O> {
  processElement(value: I, context: ReadOnlyBroadcastContext, out: Collector<O>): void | Iterable<O>
}

/** The function of a keyed stream that is connected with a broadcast stream. It may keep keyed state, and have timers. */
export interface KeyedBroadcastProcessFunction<K, I, B, O> extends BroadcastSide<B, O> {
  processElement(value: I, context: KeyedReadOnlyBroadcastContext<K>, out: Collector<O>): void | Iterable<O>
  /** Called once for each timer that is due, in order of timestamps. */
  onTimer?(timestampMs: number, context: BroadcastOnTimerContext<K>, out: Collector<O>): void | Iterable<O>
}
