import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from '../state/state.ts'
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from '../state/state-descriptor.ts'

/**
 * Where a function gets its keyed states, once, in `open` or `initializeState`; each then refers to the key of the record
 * or timer in hand. The same name answers the same state.
 *
 * All methods throw OperatorError `NOT_KEYED` if the operator has no key, and StateError if the name is taken by a state of
 * another kind or its type does not fit what was restored.
 */
export interface KeyedStateStore {
  /** One value for each key. */
  getState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T>
  /** A list for each key. */
  getListState<T>(descriptor: ListStateDescriptor<T>): ListState<T>
  /** A map for each key. */
  getMapState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): MapState<UK, UV>
  /** A value for each key that is reduced with each value added. */
  getReducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T>
  /** An accumulator for each key; what is read is the result of it. */
  getAggregatingState<IN, ACC, OUT>(descriptor: AggregatingStateDescriptor<IN, ACC, OUT>): AggregatingState<IN, OUT>
}
