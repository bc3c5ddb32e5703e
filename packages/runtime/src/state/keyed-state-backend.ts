import type { KeyedStateHandle } from '../snapshot/snapshot.ts'
import type { KeyedStateBytes } from '../snapshot/state-bytes.ts'
import type { KeyedPlaces } from './keyed-places.ts'
import type { AggregatedField, RecordPlace, RecordShapes } from './record-shapes.ts'
import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from './state.ts'
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from './state-descriptor.ts'

/** Reads blocks of restored state, with their checksums verified. */
export type ReadStateBlock = (handle: KeyedStateHandle, index: number) => Promise<Uint8Array>

/**
 * The keyed state and timers of one operator in one subtask: what a backend must be able to do. It owns a range of key
 * groups, and moves state in and out by key group. One that keeps state on disk fits, too: two reads need not answer
 * the same object, and nobody outside holds on to one.
 */
export interface KeyedStateBackend {
  /** Makes `key` (as the key selector answered it) the one that states and timers refer to. */
  setCurrentKey(key: unknown): void
  /** Throws StateError `NO_CURRENT_KEY` outside of records and timers. */
  currentKey(): unknown
  /** From now on no key is current. */
  clearCurrentKey(): void

  // The same name answers the same state. Throws StateError if it exists with another kind, or its type does not fit
  // what was restored.
  valueState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T>
  listState<T>(descriptor: ListStateDescriptor<T>): ListState<T>
  mapState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): MapState<UK, UV>
  reducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T>
  aggregatingState<IN, ACC, OUT>(descriptor: AggregatingStateDescriptor<IN, ACC, OUT>): AggregatingState<IN, OUT>
  /**
   * The places of an operator of our own (reduce, rolling aggregates), whose generated code finds and changes them
   * itself. Kept as a value state of that name. To be declared before `restore`.
   */
  recordState(name: string, aggregated: AggregatedField | undefined): RecordState

  readonly processingTimeTimers: ProcessingTimeTimers

  /**
   * Reads state in. `pause` is awaited every millisecond or so of work: it may reject, and that ends the restore.
   * Called once, before any state is used.
   */
  restore(handles: readonly KeyedStateHandle[], read: ReadStateBlock, pause: () => Promise<void>): Promise<void>
  /** A copy of all state and timers, by key group. Undefined if there is none. Takes as long as copying takes. */
  snapshot(): KeyedStateBytes | undefined
  dispose(): void
}

export interface RecordState {
  readonly places: KeyedPlaces<RecordPlace>
  readonly shapes: RecordShapes
}

/** Timers of keys, one for each key and timestamp; part of the keyed state. */
export interface ProcessingTimeTimers {
  /** For the current key. One that exists is no error. `timestampMs` since the epoch. */
  register(timestampMs: number): void
  delete(timestampMs: number): void
  /** When the earliest is due, since the epoch; Infinity if there is none. */
  nextDueMs(): number
  /**
   * Removes the earliest timer if it is due, makes its key the current one, and answers its timestamp; undefined if
   * none is due. In order of timestamps.
   */
  takeDue(nowMs: number): number | undefined
}
