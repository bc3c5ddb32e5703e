import type {
  KeySelector,
  RichCoFlatMapFunction,
  RichCoMapFunction,
  RichCoProcessFunction,
  RichFunction,
} from '../operators/functions.ts'
import type { KeyedCoProcessFunction } from '../operators/keyed-process-function.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import type { DataStream } from './data-stream.ts'
import {
  checkFunction,
  checkTimerFunction,
  checkWithoutTimers,
  type NoPromiseFromMap,
  type SynchronousOnly,
  type WithoutTimers,
} from './function-checks.ts'
import type { SingleOutputStreamOperator } from './single-output-stream-operator.ts'
import { callOf, type OperatorOptions, type Topology } from './topology.ts'

/** A co-map function whose two methods need not answer the same type. */
export interface CoMapFunction<A, B, U1, U2> extends RichFunction {
  /** Makes a record of each record of the first stream. */
  map1(value: A): U1
  /** Makes a record of each record of the second stream. */
  map2(value: B): U2
}

type ErasedKeySelector = KeySelector<unknown, unknown>

/** The function that fits: with two keyed streams it sees keys, keyed state and timers. */
export type CoProcessFunctionOf<A, B, K, U> = [K] extends [never]
  ? RichCoProcessFunction<A, B, U> & WithoutTimers
  : KeyedCoProcessFunction<K, A, B, U>

/**
 * Two streams that one operator reads: the first by its methods that end in 1, the second by those that end in 2. The
 * order between the two streams is not defined. If both are keyed, so is the operator.
 *
 * @example
 * const job = defineJob('allowed', (env) => {
 *   const blocked = env.fromElements('mallory').broadcast()
 *   const users = env.fromElements('ann', 'bob')
 *   users.connect(blocked).map({ map1: (user) => user, map2: (user) => `-${user}` }).collect('users')
 * })
 * const result = await runInSimulation(job)
 * result.collected('users').toSorted() // -> ['-mallory', 'ann', 'bob']
 */
export class ConnectedStreams<out A, out B, in K = never> {
  /** @internal */
  readonly topology: Topology
  /** Only for the type checker: carries `K`, the type of the key if both streams are keyed. */
  declare readonly keyType: (key: K) => unknown
  readonly #first: DataStream<A>
  readonly #second: DataStream<B>

  /** @internal Made by `connect`. */
  constructor(topology: Topology, first: DataStream<A>, second: DataStream<B>) {
    this.topology = topology
    this.#first = first
    this.#second = second
  }

  /**
   * Makes one record of each record of either stream.
   *
   * @param fn - an object with `map1` and `map2`, and the life cycle of a rich function if it has one.
   * @throws ApiError `NOT_A_FUNCTION`, `ASYNC_FUNCTION` or `FUNCTION_USED_TWICE`.
   * @example
   * const job = defineJob('lengths', (env) => {
   *   env
   *     .fromElements('four')
   *     .connect(env.fromElements(5))
   *     .map({ map1: (text) => text.length, map2: (n) => n })
   *     .collect('lengths')
   * })
   * const result = await runInSimulation(job)
   * result.collected('lengths').toSorted() // -> [4, 5]
   */
  map<U1, U2>(
    fn: CoMapFunction<A, B, U1, U2> & SynchronousOnly<U1 | U2, NoPromiseFromMap>,
  ): SingleOutputStreamOperator<U1 | U2> {
    this.#check('map', fn, ['map1', 'map2'])
    return this.transform('Co-Map', {
      kind: 'co-map',
      fn: fn as unknown as RichCoMapFunction<unknown, unknown, unknown>,
      ...this.#keySelectors(),
    })
  }

  /**
   * Makes any number of records of each record of either stream.
   *
   * @param fn - an object with `flatMap1` and `flatMap2`: generators, functions that answer an iterable, or that give
   *   their results to the collector.
   * @throws ApiError as {@link ConnectedStreams.map}.
   * @example
   * const job = defineJob('letters', (env) => {
   *   env
   *     .fromElements('ab')
   *     .connect(env.fromElements(['c', 'd']))
   *     .flatMap({ flatMap1: (text) => text.split(''), flatMap2: (list) => list })
   *     .collect('letters')
   * })
   * const result = await runInSimulation(job)
   * result.collected('letters').toSorted() // -> ['a', 'b', 'c', 'd']
   */
  flatMap<U>(fn: RichCoFlatMapFunction<A, B, U>): SingleOutputStreamOperator<U> {
    this.#check('flatMap', fn, ['flatMap1', 'flatMap2'])
    return this.transform('Co-Flat Map', {
      kind: 'co-flat-map',
      fn: fn as RichCoFlatMapFunction<unknown, unknown, unknown>,
      ...this.#keySelectors(),
    })
  }

  /**
   * The general form of an operator with two inputs: any number of records, side outputs, and the time; if both are keyed,
   * keyed state and timers as well.
   *
   * @param fn - an object with `processElement1` and `processElement2`; if both are keyed it may have `onTimer`.
   * @throws ApiError as {@link ConnectedStreams.map}.
   * @example
   * class Allowed {
   *   readonly #blocked = new Set<string>()
   *   processElement1(user: string, _: ProcessContext, out: Collector<string>) {
   *     if (!this.#blocked.has(user)) out.collect(user)
   *   }
   *   processElement2(user: string) {
   *     this.#blocked.add(user)
   *   }
   * }
   * const job = defineJob('allowed', (env) => {
   *   const blocked = env.fromElements('mallory').broadcast()
   *   env.fromElements('ann').connect(blocked).process(new Allowed()).collect('allowed')
   * })
   * const result = await runInSimulation(job)
   * result.collected('allowed') // -> ['ann']
   */
  process<U>(fn: CoProcessFunctionOf<A, B, K, U>): SingleOutputStreamOperator<U> {
    this.#check('process', fn, ['processElement1', 'processElement2'])
    const keySelectors = this.#keySelectors()
    if (keySelectors === undefined) checkWithoutTimers(fn, callOf('process'))
    else checkTimerFunction(fn, callOf('process'))
    return this.transform(keySelectors === undefined ? 'Co-Process' : 'Co-Keyed-Process', {
      kind: 'co-process',
      fn: fn as RichCoProcessFunction<unknown, unknown, unknown>,
      ...keySelectors,
    })
  }

  /**
   * Divides both streams by key, so that records of one key, of either stream, meet in one subtask.
   *
   * @param keySelector1 - the key of a record of the first stream, as for `DataStream.keyBy`.
   * @param keySelector2 - the key of a record of the second stream, of the same type.
   * @throws ApiError `NOT_A_FUNCTION` or `ASYNC_FUNCTION`.
   * @example
   * const job = defineJob('by-id', (env) => {
   *   env
   *     .fromElements({ id: 1, name: 'Ann' })
   *     .connect(env.fromElements({ user: 1, path: '/' }))
   *     .keyBy((user) => user.id, (visit) => visit.user)
   *     .map({ map1: (user) => user.name, map2: (visit) => visit.path })
   * })
   * planJob(job).plan.jobGraph.edges.map((edge) => edge.ship) // -> ['HASH', 'HASH']
   */
  keyBy<K2>(keySelector1: KeySelector<A, K2>, keySelector2: KeySelector<B, NoInfer<K2>>): ConnectedStreams<A, B, K2> {
    const { topology } = this
    const first: DataStream<A> = this.#first.keyBy(keySelector1)
    const second: DataStream<B> = this.#second.keyBy(keySelector2)
    return topology.streams.connectedStreams<A, B, K2>(topology, first, second)
  }

  /**
   * Adds an operator by its definition: what the other methods stand on. It is keyed if both streams are.
   *
   * @internal
   */
  transform<U>(
    name: string,
    operator: OperatorDefinition,
    options: OperatorOptions = {},
  ): SingleOutputStreamOperator<U> {
    return this.topology.streams.operator(
      this.topology,
      this.topology.twoInput(name, this.#first.transformation, this.#second.transformation, operator, {
        ...(this.#keySelectors() && { keyed: true }),
        ...options,
      }),
    )
  }

  #keySelectors(): { readonly keySelector1: ErasedKeySelector; readonly keySelector2: ErasedKeySelector } | undefined {
    const { keySelector: keySelector1 } = this.#first
    const { keySelector: keySelector2 } = this.#second
    return keySelector1 && keySelector2 && { keySelector1, keySelector2 }
  }

  #check(method: string, fn: unknown, members: readonly string[]): void {
    const call = callOf(method)
    checkFunction(fn, members, false, call)
    this.topology.claimFunction(fn, call)
  }
}
