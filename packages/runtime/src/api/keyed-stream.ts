import type { Transformation } from '../graph/transformation.ts'
import type { Collector, KeySelector, ReduceFunction } from '../operators/functions.ts'
import type { KeyedProcessContext, KeyedProcessFunction } from '../operators/keyed-process-function.ts'
import type { RollingAggregation } from '../operators/rolling-aggregation.ts'
import { ApiError } from './api-error.ts'
import type { BroadcastConnectedStream } from './broadcast-connected-stream.ts'
import type { BroadcastStream } from './broadcast-stream.ts'
import type { ConnectedStreams } from './connected-streams.ts'
import { DataStream } from './data-stream.ts'
import type { ComparableField, NumericField } from './fields.ts'
import { checkFunction, checkTimerFunction } from './function-checks.ts'
import { show } from './setting-checks.ts'
import type { SingleOutputStreamOperator } from './single-output-stream-operator.ts'
import { callOf, type Topology } from './topology.ts'

/** What {@link KeyedStream.minBy} and {@link KeyedStream.maxBy} do with records of equal value. */
export interface TieOptions {
  /** True (the default): the first of them stays; false: the last replaces it. */
  readonly firstOnTie?: boolean
}

/** What the compiler says of a partitioning method on a keyed stream. */
type AlreadyPartitioned = 'A keyed stream is partitioned by its key: call this on the stream before keyBy'

/** Streams of different keys cannot be connected by key; a stream without a key can. */
type SameKey<S, K> = S extends { readonly keyType: (key: infer Other) => unknown }
  ? [Other] extends [K]
    ? unknown
    : [K] extends [Other]
      ? unknown
      : 'Both keyed streams must have the same type of key'
  : unknown

/** The key of an operator that reads both streams: only if both have one. */
type KeyOfBoth<S, K> = S extends { readonly keyType: (key: never) => unknown } ? K : never

/** The function of a keyed stream: it sees the key, keyed state and timers. */
export type KeyedProcess<K, T, U> =
  | ((value: T, context: KeyedProcessContext<K>, out: Collector<U>) => void | Iterable<U>)
  | KeyedProcessFunction<K, T, U>

/**
 * A stream divided by key: all records of one key go to one subtask. Its own methods keep one value for each key and
 * emit the new value with every record.
 *
 * (`R` in the signatures is the type of the records again: TypeScript infers it from the stream.)
 *
 * @example
 * const job = defineJob('longest-per-initial', (env) => {
 *   env
 *     .fromElements('apple', 'bee', 'apricot')
 *     .keyBy((word) => word.charAt(0))
 *     .reduce((longest, word) => (word.length > longest.length ? word : longest))
 *     .collect('longest')
 * })
 * const result = await runInSimulation(job)
 * result.collected('longest') // -> ['apple', 'bee', 'apricot']
 */
export class KeyedStream<out T, in out K> extends DataStream<T> {
  /** @internal */
  declare readonly keySelector: KeySelector<unknown, unknown>
  /** Only for the type checker: carries `K`. */
  declare readonly keyType: (key: K) => K

  /** @internal Made by `keyBy` and `reinterpretAsKeyedStream`. */
  constructor(topology: Topology, transformation: Transformation, keySelector: KeySelector<T, K>) {
    super(topology, transformation, keySelector as KeySelector<unknown, unknown>)
  }

  /**
   * The general form of a keyed operator: any number of records of each record, side outputs, keyed state, and timers.
   *
   * @param fn - a function, or an object with `processElement`, and if wanted with `onTimer` and the life cycle of a rich
   *   function. It gets its states in `open`.
   * @throws ApiError as {@link DataStream.map}.
   * @example
   * class Numbered implements KeyedProcessFunction<string, string, string> {
   *   #count!: ValueState<number>
   *   open(context: RuntimeContext) {
   *     this.#count = context.getState(new ValueStateDescriptor('count', Types.LONG, { defaultValue: 0 }))
   *   }
   *   *processElement(word: string, context: KeyedProcessContext<string>) {
   *     const count = (this.#count.value() ?? 0) + 1
   *     this.#count.update(count)
   *     yield `${context.getCurrentKey()} ${count}`
   *   }
   * }
   * const job = defineJob('numbered', (env) => {
   *   env.fromElements('a', 'b', 'a').keyBy((word) => word).process(new Numbered()).uid('numbered').collect('words')
   * })
   * const result = await runInSimulation(job)
   * result.collected('words') // -> ['a 1', 'b 1', 'a 2']
   */
  override process<U>(fn: KeyedProcess<K, T, U>): SingleOutputStreamOperator<U> {
    const call = callOf('process')
    checkFunction(fn, ['processElement'], true, call)
    checkTimerFunction(fn, call)
    this.topology.claimFunction(fn, call)
    return this.transform('KeyedProcess', {
      kind: 'process',
      fn: fn as KeyedProcessFunction<unknown, unknown, unknown>,
      keySelector: this.keySelector,
    })
  }

  /**
   * Combines the records of each key into one, and emits the new value with every record. The first record of a key is
   * emitted as it is.
   *
   * @param fn - answers a new value and changes neither argument; a function, or an object with `reduce` and the life
   *   cycle of a rich function.
   * @throws ApiError as {@link DataStream.map}.
   * @example
   * const job = defineJob('totals', (env) => {
   *   env
   *     .fromElements({ user: 'ann', n: 1 }, { user: 'ann', n: 2 })
   *     .keyBy((event) => event.user)
   *     .reduce((total, event) => ({ user: total.user, n: total.n + event.n }))
   *     .collect('totals')
   * })
   * const result = await runInSimulation(job)
   * result.collected('totals') // -> [{ user: 'ann', n: 1 }, { user: 'ann', n: 3 }]
   */
  reduce<R>(this: KeyedStream<R, K>, fn: ReduceFunction<R>): SingleOutputStreamOperator<R> {
    const call = callOf('reduce')
    checkFunction(fn, ['reduce'], true, call)
    this.topology.claimFunction(fn, call)
    return this.transform('Keyed Reduce', {
      kind: 'reduce',
      fn: fn as ReduceFunction<unknown>,
      keySelector: this.keySelector,
    })
  }

  /**
   * Adds up one field for each key. The other fields are those of the key's first record.
   *
   * @param field - the name of a property, or a position in a tuple, that holds a number (or a bigint).
   * @throws ApiError `INVALID_FIELD` if it is neither text nor a position.
   * @example
   * const job = defineJob('word-counts', (env) => {
   *   env
   *     .fromElements('a', 'b', 'a')
   *     .map((word): [string, number] => [word, 1])
   *     .keyBy(([word]) => word)
   *     .sum(1)
   *     .collect('counts')
   * })
   * const result = await runInSimulation(job)
   * result.collected('counts') // -> [['a', 1], ['b', 1], ['a', 2]]
   */
  sum<R>(this: KeyedStream<R, K>, field: NumericField<R>): SingleOutputStreamOperator<R> {
    return this.#aggregate('sum', field)
  }

  /**
   * The smallest value of one field for each key. The other fields are those of the key's first record.
   *
   * @param field - the name of a property, or a position in a tuple, that holds a number, bigint, string, boolean or
   *   date.
   * @throws ApiError `INVALID_FIELD` if it is neither text nor a position.
   * @example
   * const job = defineJob('lowest', (env) => {
   *   env
   *     .fromElements({ city: 'Bonn', t: 5, day: 1 }, { city: 'Bonn', t: 3, day: 2 })
   *     .keyBy((reading) => reading.city)
   *     .min('t')
   *     .collect('lowest')
   * })
   * const result = await runInSimulation(job)
   * result.collected('lowest') // -> [{ city: 'Bonn', t: 5, day: 1 }, { city: 'Bonn', t: 3, day: 1 }]
   */
  min<R>(this: KeyedStream<R, K>, field: ComparableField<R>): SingleOutputStreamOperator<R> {
    return this.#aggregate('min', field)
  }

  /**
   * The largest value of one field for each key. The other fields are those of the key's first record.
   *
   * @param field - as {@link KeyedStream.min}.
   * @throws ApiError `INVALID_FIELD` if it is neither text nor a position.
   * @example
   * const job = defineJob('highest', (env) => {
   *   env
   *     .fromElements({ city: 'Bonn', t: 3, day: 1 }, { city: 'Bonn', t: 5, day: 2 })
   *     .keyBy((reading) => reading.city)
   *     .max('t')
   *     .collect('highest')
   * })
   * const result = await runInSimulation(job)
   * result.collected('highest') // -> [{ city: 'Bonn', t: 3, day: 1 }, { city: 'Bonn', t: 5, day: 1 }]
   */
  max<R>(this: KeyedStream<R, K>, field: ComparableField<R>): SingleOutputStreamOperator<R> {
    return this.#aggregate('max', field)
  }

  /**
   * The whole record with the smallest value of one field, for each key.
   *
   * @param field - as {@link KeyedStream.min}.
   * @param options - which record stays if several have that value.
   * @throws ApiError `INVALID_FIELD` if it is neither text nor a position.
   * @example
   * const job = defineJob('coldest-day', (env) => {
   *   env
   *     .fromElements({ city: 'Bonn', t: 3, day: 1 }, { city: 'Bonn', t: 3, day: 2 })
   *     .keyBy((reading) => reading.city)
   *     .minBy('t', { firstOnTie: false })
   *     .collect('coldest')
   * })
   * const result = await runInSimulation(job)
   * result.collected('coldest') // -> [{ city: 'Bonn', t: 3, day: 1 }, { city: 'Bonn', t: 3, day: 2 }]
   */
  minBy<R>(
    this: KeyedStream<R, K>,
    field: ComparableField<R>,
    options: TieOptions = {},
  ): SingleOutputStreamOperator<R> {
    return this.#aggregate('minBy', field, options)
  }

  /**
   * The whole record with the largest value of one field, for each key.
   *
   * @param field - as {@link KeyedStream.min}.
   * @param options - which record stays if several have that value.
   * @throws ApiError `INVALID_FIELD` if it is neither text nor a position.
   * @example
   * const job = defineJob('hottest-day', (env) => {
   *   env
   *     .fromElements({ city: 'Bonn', t: 3, day: 1 }, { city: 'Bonn', t: 5, day: 2 })
   *     .keyBy((reading) => reading.city)
   *     .maxBy('t')
   *     .collect('hottest')
   * })
   * const result = await runInSimulation(job)
   * result.collected('hottest') // -> [{ city: 'Bonn', t: 3, day: 1 }, { city: 'Bonn', t: 5, day: 2 }]
   */
  maxBy<R>(
    this: KeyedStream<R, K>,
    field: ComparableField<R>,
    options: TieOptions = {},
  ): SingleOutputStreamOperator<R> {
    return this.#aggregate('maxBy', field, options)
  }

  /**
   * Pairs this stream with another one. If the other one is keyed too, by the same type of key, the operator that reads
   * both is keyed: records of one key, of either stream, meet in one subtask.
   *
   * @param other - a stream of the same job.
   * @throws ApiError `INVALID_STREAM` or `STREAM_OF_OTHER_JOB`.
   * @example
   * const job = defineJob('by-user', (env) => {
   *   const names = env.fromElements({ id: 1, name: 'Ann' }).keyBy((user) => user.id)
   *   const visits = env.fromElements({ id: 1, path: '/' }).keyBy((visit) => visit.id)
   *   names.connect(visits).map({ map1: (user) => user.name, map2: (visit) => visit.path }).collect('seen')
   * })
   * const result = await runInSimulation(job)
   * result.collected('seen').toSorted() // -> ['/', 'Ann']
   */
  override connect<B>(other: BroadcastStream<B>): BroadcastConnectedStream<T, B, K>
  override connect<B, S extends DataStream<B> = DataStream<B>>(
    other: DataStream<B> & S & SameKey<S, K>,
  ): ConnectedStreams<T, B, KeyOfBoth<S, K>>
  override connect<B>(
    other: DataStream<B> | BroadcastStream<B>,
  ): BroadcastConnectedStream<T, B, K> | ConnectedStreams<T, B, never> {
    return super.connect<B>(other as DataStream<B>) as ConnectedStreams<T, B, never>
  }

  /** Does not compile: a keyed stream is partitioned already. */
  override broadcast(this: AlreadyPartitioned, ..._descriptors: readonly unknown[]): never {
    throw alreadyPartitioned('broadcast')
  }

  /** Does not compile: a keyed stream is partitioned already. */
  override rebalance(this: AlreadyPartitioned): never {
    throw alreadyPartitioned('rebalance')
  }

  /** Does not compile: a keyed stream is partitioned already. */
  override rescale(this: AlreadyPartitioned): never {
    throw alreadyPartitioned('rescale')
  }

  /** Does not compile: a keyed stream is partitioned already. */
  override shuffle(this: AlreadyPartitioned): never {
    throw alreadyPartitioned('shuffle')
  }

  /** Does not compile: a keyed stream is partitioned already. */
  override forward(this: AlreadyPartitioned): never {
    throw alreadyPartitioned('forward')
  }

  /** Does not compile: a keyed stream is partitioned already. */
  override global(this: AlreadyPartitioned): never {
    throw alreadyPartitioned('global')
  }

  /** Does not compile: a keyed stream is partitioned already. */
  override partitionCustom(this: AlreadyPartitioned, ..._arguments: readonly unknown[]): never {
    throw alreadyPartitioned('partitionCustom')
  }

  #aggregate(
    kind: RollingAggregation['kind'],
    field: string | number,
    { firstOnTie = true }: TieOptions = {},
  ): SingleOutputStreamOperator<T> {
    const isPosition = typeof field === 'number' && Number.isInteger(field) && field >= 0
    if (!isPosition && (typeof field !== 'string' || field === '')) {
      const call = callOf(kind)
      throw new ApiError(
        'INVALID_FIELD',
        `${call.what} got ${show(field)} for a field: give the name of a property, or a position in a tuple from 0`,
        { ...call.facts, field },
      )
    }
    const aggregation = { kind, field, firstOnTie }
    return this.transform('Keyed Aggregation', {
      kind: 'rolling-aggregate',
      aggregation,
      keySelector: this.keySelector,
    })
  }
}

function alreadyPartitioned(method: string): ApiError {
  const call = callOf(method)
  return new ApiError(
    'ALREADY_PARTITIONED',
    `Cannot override the partitioning of a keyed stream by ${call.what}: call it on the stream before keyBy`,
    { ...call.facts },
  )
}
