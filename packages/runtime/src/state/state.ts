// What user functions see of state, with Flink's names (org.apache.flink.api.common.state).
// Values are copied on their way in and on their way out: to change what was read changes nothing until it is put back.

/** What every state can do. */
export interface State {
  /** Removes what is kept for the current key. */
  clear(): void
}

/** One value for each key. */
export interface ValueState<T> extends State {
  /** The value of the current key; the descriptor's default, else undefined, if there is none. */
  value(): T | undefined
  /** Keeps `value`; undefined removes it. */
  update(value: T | undefined): void
}

/** Combines what is added; read by `get`. */
export interface AppendingState<IN, OUT> extends State {
  get(): OUT
  add(value: IN): void
}

/** A list for each key. */
export interface ListState<T> extends AppendingState<T, T[]> {
  /** All elements, in order; an empty array if there are none. */
  get(): T[]
  addAll(values: Iterable<T>): void
  /** Replaces all elements. */
  update(values: Iterable<T>): void
}

/** A map for each key. Its keys are compared as keys of a stream are: composite ones by their contents. */
export interface MapState<UK, UV> extends State {
  get(key: UK): UV | undefined
  put(key: UK, value: UV): void
  putAll(entries: Iterable<readonly [UK, UV]>): void
  remove(key: UK): void
  contains(key: UK): boolean
  /** In order of insertion. */
  entries(): IterableIterator<[UK, UV]>
  keys(): IterableIterator<UK>
  values(): IterableIterator<UV>
  isEmpty(): boolean
}

/** A value for each key that is reduced with each value added. */
export interface ReducingState<T> extends AppendingState<T, T | undefined> {}

/** An accumulator for each key; what is read is the result of it. */
export interface AggregatingState<IN, OUT> extends AppendingState<IN, OUT | undefined> {}

/** Aggregates values in an accumulator (org.apache.flink.api.common.functions.AggregateFunction). */
export interface AggregateFunction<IN, ACC, OUT> {
  createAccumulator(): ACC
  /** May change `accumulator` and answer it. */
  add(value: IN, accumulator: ACC): ACC
  getResult(accumulator: ACC): OUT
  /** Only windows that merge need it. */
  merge?(a: ACC, b: ACC): ACC
}

/** A broadcast state, seen from the side that may only read. */
export interface ReadOnlyBroadcastState<K, V> {
  get(key: K): V | undefined
  contains(key: K): boolean
  entries(): IterableIterator<[K, V]>
}

/** A map that every subtask has whole, since all got the same records. */
export interface BroadcastState<K, V> extends ReadOnlyBroadcastState<K, V> {
  put(key: K, value: V): void
  putAll(entries: Iterable<readonly [K, V]>): void
  remove(key: K): void
  clear(): void
}

/** A list of one subtask, without keys: dealt out anew when the parallelism changes. */
export interface OperatorListState<T> {
  get(): T[]
  add(value: T): void
  addAll(values: Iterable<T>): void
  update(values: Iterable<T>): void
  clear(): void
}
