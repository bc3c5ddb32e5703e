import { PrintSink } from '../connector/print-sink.ts'
import type { Sink } from '../connector/sink.ts'
import type { Partitioning, Transformation } from '../graph/transformation.ts'
import type {
  FilterFunction,
  FlatMapFunction,
  KeySelector,
  MapFunction,
  Partitioner,
  ProcessFunction,
} from '../operators/functions.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import type { OutputTag } from '../operators/output-tag.ts'
import type { WatermarkStrategy } from '../time/watermark-strategy.ts'
import { ApiError } from './api-error.ts'
import type { BroadcastConnectedStream } from './broadcast-connected-stream.ts'
import { type AnyMapStateDescriptor, BroadcastStream, checkBroadcastStates } from './broadcast-stream.ts'
import type { ConnectedStreams } from './connected-streams.ts'
import type { DataStreamSink } from './data-stream-sink.ts'
import {
  checkFunction,
  checkWithoutTimers,
  type NoPromiseFromMap,
  type SynchronousOnly,
  type WithoutTimers,
} from './function-checks.ts'
import type { KeyedStream } from './keyed-stream.ts'
import { checkText, show } from './setting-checks.ts'
import type { SingleOutputStreamOperator } from './single-output-stream-operator.ts'
import { callOf, type OperatorOptions, type Topology } from './topology.ts'
import { checkWatermarkStrategy } from './watermark-strategy-check.ts'

/** How {@link DataStream.collect} collects. */
export interface CollectOptions {
  /** How many records may be collected; one more fails the job. 100,000 unless given. */
  readonly limit?: number
}

const collectLimitDefault = 100_000

/**
 * A stream of records of type `T`, as Flink's. Its methods add operators to the job that is being built; nothing runs
 * until the job does. An emitted record is immutable: operators in one chain hand the same object on.
 *
 * @example
 * const job = defineJob('long-words', (env) => {
 *   env
 *     .fromElements('to be or', 'not to be')
 *     .flatMap((line) => line.split(' '))
 *     .filter((word) => word.length > 2)
 *     .collect('words')
 * })
 * const result = await runInSimulation(job)
 * result.collected('words') // -> ['not']
 */
export class DataStream<out T> {
  /** @internal */
  readonly topology: Topology
  /** @internal */
  readonly transformation: Transformation
  /** @internal Of a keyed stream. */
  readonly keySelector: KeySelector<unknown, unknown> | undefined
  /** Only for the type checker: carries `T`. */
  declare readonly recordType: T

  /** @internal Made by the environment and by other streams. */
  constructor(topology: Topology, transformation: Transformation, keySelector?: KeySelector<unknown, unknown>) {
    this.topology = topology
    this.transformation = transformation
    this.keySelector = keySelector
  }

  /**
   * Makes one record of each record.
   *
   * @param fn - a function, or an object with `map` and the life cycle of a rich function. It may not return a promise.
   * @throws ApiError `NOT_A_FUNCTION`, `ASYNC_FUNCTION`, or `FUNCTION_USED_TWICE` if another operator has the same
   *   instance of a rich function.
   * @example
   * const job = defineJob('squares', (env) => {
   *   env.fromElements(1, 2, 3).map((n) => n * n).collect('squares')
   * })
   * const result = await runInSimulation(job)
   * result.collected('squares') // -> [1, 4, 9]
   */
  map<U>(fn: MapFunction<T, U> & SynchronousOnly<U, NoPromiseFromMap>): SingleOutputStreamOperator<U> {
    this.#check('map', fn, ['map'])
    const { keySelector } = this
    return this.transform('Map', { kind: 'map', fn: fn as unknown as MapFunction<unknown, unknown>, keySelector })
  }

  /**
   * Makes any number of records of each record: the elements of what `fn` returns (a generator is paused while the
   * output is not available, so it may yield without end), and what it gives to the collector.
   *
   * @param fn - a function, or an object with `flatMap` and the life cycle of a rich function.
   * @throws ApiError as {@link DataStream.map}.
   * @example
   * const job = defineJob('count-down', (env) => {
   *   env
   *     .fromElements(3)
   *     .flatMap(function* (n) {
   *       for (let i = n; i > 0; i--) yield i
   *     })
   *     .flatMap<string>((n, out) => out.collect(`${n}!`))
   *     .collect('numbers')
   * })
   * const result = await runInSimulation(job)
   * result.collected('numbers') // -> ['3!', '2!', '1!']
   */
  flatMap<U>(fn: FlatMapFunction<T, U>): SingleOutputStreamOperator<U> {
    this.#check('flatMap', fn, ['flatMap'])
    const { keySelector } = this
    return this.transform('Flat Map', { kind: 'flat-map', fn: fn as FlatMapFunction<unknown, unknown>, keySelector })
  }

  /**
   * Keeps the records for which `fn` answers true. With a type guard the stream has the narrower type.
   *
   * @param fn - a function, or an object with `filter` and the life cycle of a rich function. It may not return a
   *   promise.
   * @throws ApiError as {@link DataStream.map}.
   * @example
   * const job = defineJob('present', (env) => {
   *   env
   *     .fromElements('a', undefined, 'b')
   *     .filter((value) => value !== undefined)
   *     .map((text) => text.toUpperCase())
   *     .collect('present')
   * })
   * const result = await runInSimulation(job)
   * result.collected('present') // -> ['A', 'B']
   */
  filter<S extends T>(fn: (value: T) => value is S): SingleOutputStreamOperator<S>
  filter(fn: FilterFunction<T>): SingleOutputStreamOperator<T>
  filter(fn: FilterFunction<T>): SingleOutputStreamOperator<T> {
    this.#check('filter', fn, ['filter'])
    const { keySelector } = this
    return this.transform('Filter', { kind: 'filter', fn: fn as FilterFunction<unknown>, keySelector })
  }

  /**
   * The general form of an operator: any number of records of each record, side outputs, and the time.
   *
   * @param fn - a function, or an object with `processElement` and the life cycle of a rich function. It may be a
   *   generator, or give its results to the collector.
   * @throws ApiError as {@link DataStream.map}.
   * @example
   * const odd = new OutputTag<number>('odd')
   * const job = defineJob('even-and-odd', (env) => {
   *   const even = env.fromElements(1, 2, 3).process<number>((n, context, out) => {
   *     if (n % 2 === 0) out.collect(n)
   *     else context.output(odd, n)
   *   })
   *   even.collect('even')
   *   even.getSideOutput(odd).collect('odd')
   * })
   * const result = await runInSimulation(job)
   * result.collected('even') // -> [2]
   * result.collected('odd') // -> [1, 3]
   */
  process<U>(fn: ProcessFunction<T, U> & WithoutTimers): SingleOutputStreamOperator<U> {
    this.#check('process', fn, ['processElement'])
    checkWithoutTimers(fn, callOf('process'))
    return this.transform('Process', { kind: 'process', fn: fn as ProcessFunction<unknown, unknown> })
  }

  /**
   * Divides the stream by key: records of one key go to one subtask of the next operator, in their order.
   *
   * @param keySelector - a pure function. A key is a string, number, boolean, bigint, or a tuple or object of those;
   *   undefined, NaN and functions fail the job.
   * @throws ApiError `NOT_A_FUNCTION` or `ASYNC_FUNCTION`.
   * @example
   * const job = defineJob('per-user', (env) => {
   *   env
   *     .fromElements({ user: 'ann', n: 1 }, { user: 'bob', n: 5 }, { user: 'ann', n: 2 })
   *     .keyBy((event) => event.user)
   *     .sum('n')
   *     .collect('sums')
   * })
   * const result = await runInSimulation(job)
   * result.collected('sums') // -> [{ user: 'ann', n: 1 }, { user: 'bob', n: 5 }, { user: 'ann', n: 3 }]
   */
  keyBy<K>(keySelector: KeySelector<T, K>): KeyedStream<T, K> {
    checkFunction(keySelector, [], true, callOf('keyBy'))
    const partitioned = this.topology.partition(this.transformation, {
      kind: 'HASH',
      keySelector: keySelector as KeySelector<unknown, unknown>,
    })
    return this.topology.streams.keyedStream(this.topology, partitioned, keySelector)
  }

  /**
   * Puts the records of all streams into one. The order among the streams is not defined; within each it is kept.
   *
   * @param others - streams of the same job and type.
   * @throws ApiError `INVALID_STREAM` or `STREAM_OF_OTHER_JOB`.
   * @example
   * const job = defineJob('both', (env) => {
   *   env.fromElements(1, 2).union(env.fromElements(3)).collect('numbers')
   * })
   * const result = await runInSimulation(job)
   * result.collected('numbers').toSorted() // -> [1, 2, 3]
   */
  union(...others: readonly DataStream<T>[]): DataStream<T> {
    for (const other of others) this.#checkStream('union', other)
    const inputs = [this.transformation, ...others.map((other) => other.transformation)]
    return this.topology.streams.dataStream(this.topology, this.topology.union(inputs))
  }

  /**
   * Pairs this stream with another one of any type, so that one operator reads both.
   *
   * @param other - a stream of the same job; one that is broadcast with state is for
   *   {@link BroadcastConnectedStream.process}.
   * @throws ApiError `INVALID_STREAM` or `STREAM_OF_OTHER_JOB`.
   * @example
   * const job = defineJob('texts', (env) => {
   *   env
   *     .fromElements(1)
   *     .connect(env.fromElements('a'))
   *     .map({ map1: (n) => `number ${n}`, map2: (text) => `text ${text}` })
   *     .collect('texts')
   * })
   * const result = await runInSimulation(job)
   * result.collected('texts').toSorted() // -> ['number 1', 'text a']
   */
  connect<B>(other: BroadcastStream<B>): BroadcastConnectedStream<T, B>
  connect<B>(other: DataStream<B>): ConnectedStreams<T, B>
  connect<B>(other: DataStream<B> | BroadcastStream<B>): ConnectedStreams<T, B> | BroadcastConnectedStream<T, B> {
    const { streams } = this.topology
    if (other instanceof BroadcastStream) {
      this.#checkStream('connect', other.stream)
      return streams.broadcastConnectedStream<T, B>(this, other)
    }
    this.#checkStream('connect', other)
    return streams.connectedStreams<T, B>(this.topology, this, other)
  }

  /**
   * Sends every record to every subtask of the next operator. With descriptors of broadcast states the stream is meant for
   * `connect`, and for a function that keeps what it needs of the records in those states.
   *
   * @param descriptors - of the states, by name; to be handed to the function's context again.
   * @throws ApiError `INVALID_DESCRIPTOR`.
   * @example
   * const job = defineJob('to-all', (env) => {
   *   env.fromElements('rule').broadcast().map((rule) => rule).setParallelism(3).collect('seen').setParallelism(1)
   * })
   * const result = await runInSimulation(job)
   * result.collected('seen') // -> ['rule', 'rule', 'rule']
   */
  broadcast(): DataStream<T>
  broadcast(first: AnyMapStateDescriptor, ...others: readonly AnyMapStateDescriptor[]): BroadcastStream<T>
  broadcast(...descriptors: readonly AnyMapStateDescriptor[]): DataStream<T> | BroadcastStream<T> {
    const call = callOf('broadcast')
    checkBroadcastStates(descriptors, call)
    const stream = this.#partition({ kind: 'BROADCAST' })
    return descriptors.length === 0 ? stream : new BroadcastStream(stream, descriptors)
  }

  /**
   * Deals the records out in turn over all subtasks of the next operator.
   *
   * @example
   * const job = defineJob('dealt-out', (env) => {
   *   env.fromElements(1, 2, 3).rebalance().map((n) => n).setParallelism(3)
   * })
   * planJob(job).plan.jobGraph.edges[0]?.ship // -> 'REBALANCE'
   */
  rebalance(): DataStream<T> {
    return this.#partition({ kind: 'REBALANCE' })
  }

  /**
   * Deals the records out in turn over a part of the next operator's subtasks: with 2 subtasks before and 6 after,
   * each of the 2 serves 3 of its own. Fewer channels than `rebalance`, and no evening out between the producers.
   *
   * @example
   * const job = defineJob('rescaled', (env) => {
   *   env.fromSequence(1, 10).setParallelism(2).rescale().map((n) => n).setParallelism(6)
   * })
   * planJob(job).plan.jobGraph.edges[0]?.distribution // -> 'POINTWISE'
   */
  rescale(): DataStream<T> {
    return this.#partition({ kind: 'RESCALE' })
  }

  /**
   * Sends each record to a subtask of the next operator drawn at random, evenly.
   *
   * @example
   * const job = defineJob('shuffled', (env) => {
   *   env.fromElements(1, 2, 3).shuffle().map((n) => n).setParallelism(3)
   * })
   * planJob(job).plan.jobGraph.edges[0]?.ship // -> 'SHUFFLE'
   */
  shuffle(): DataStream<T> {
    return this.#partition({ kind: 'SHUFFLE' })
  }

  /**
   * Sends the records of each subtask to the subtask with the same index. The next operator must have the same
   * parallelism, else planning the job fails.
   *
   * @example
   * const job = defineJob('straight-on', (env) => {
   *   env.fromElements(1).map((n) => n).forward().map((n) => n)
   * })
   * planJob(job).plan.jobGraph.vertices.length // -> 1
   */
  forward(): DataStream<T> {
    return this.#partition({ kind: 'FORWARD' })
  }

  /**
   * Sends all records to the first subtask of the next operator.
   *
   * @example
   * const job = defineJob('to-the-first', (env) => {
   *   env.fromSequence(1, 10).global().map((n) => n)
   * })
   * planJob(job, { parallelism: 4 }).plan.jobGraph.edges[0]?.ship // -> 'GLOBAL'
   */
  global(): DataStream<T> {
    return this.#partition({ kind: 'GLOBAL' })
  }

  /**
   * Sends each record where a function of your own says.
   *
   * @param partitioner - gets the key and the number of subtasks, answers an index below that number. Pure.
   * @param keySelector - what of a record the partitioner looks at. Pure. (TypeScript reads from left to right, so the
   *   partitioner states the type of its key.)
   * @throws ApiError `NOT_A_FUNCTION` or `ASYNC_FUNCTION`.
   * @example
   * const job = defineJob('by-length', (env) => {
   *   env
   *     .fromElements('a', 'bb', 'ccc')
   *     .partitionCustom((length: number, channelCount) => length % channelCount, (word) => word.length)
   *     .map((word) => word)
   *     .setParallelism(2)
   * })
   * planJob(job).plan.jobGraph.edges[0]?.ship // -> 'CUSTOM'
   */
  partitionCustom<K>(partitioner: Partitioner<K>, keySelector: KeySelector<T, K>): DataStream<T> {
    checkFunction(partitioner, [], true, callOf('partitionCustom'))
    checkFunction(keySelector, [], true, callOf('partitionCustom'))
    return this.#partition({
      kind: 'CUSTOM',
      partitioner: partitioner as Partitioner<unknown>,
      keySelector: keySelector as KeySelector<unknown, unknown>,
    })
  }

  /**
   * The records that the operator before emitted to a side output by `context.output(tag, value)`.
   *
   * @param tag - of the same id as the one that was written to.
   * @example
   * const malformed = new OutputTag<string>('malformed')
   * const job = defineJob('numbers-only', (env) => {
   *   env
   *     .fromElements('1', 'x')
   *     .process<number>((text, context, out) => {
   *       if (/^\d+$/.test(text)) out.collect(Number(text))
   *       else context.output(malformed, text)
   *     })
   *     .getSideOutput(malformed)
   *     .collect('malformed')
   * })
   * const result = await runInSimulation(job)
   * result.collected('malformed') // -> ['x']
   */
  getSideOutput<U>(tag: OutputTag<U>): DataStream<U> {
    const sideOutput = this.topology.sideOutput(this.transformation, tag.id, tag.type)
    return this.topology.streams.dataStream(this.topology, sideOutput)
  }

  /**
   * Gives the records their event time, and the stream its watermarks.
   *
   * @param strategy - says how.
   * @throws ApiError `INVALID_WATERMARK_STRATEGY`.
   * @example
   * const job = defineJob('no-event-time', (env) => {
   *   env.fromElements(1).assignTimestampsAndWatermarks(WatermarkStrategy.noWatermarks()).collect('numbers')
   * })
   * const result = await runInSimulation(job)
   * result.collected('numbers') // -> [1]
   */
  assignTimestampsAndWatermarks(strategy: WatermarkStrategy<T>): SingleOutputStreamOperator<T> {
    checkWatermarkStrategy(strategy, callOf('assignTimestampsAndWatermarks'))
    // noWatermarks, the only strategy so far, asks for nothing.
    return this.transform('Timestamps/Watermarks', { kind: 'identity' })
  }

  /**
   * Ends the stream in a sink.
   *
   * @param sink - made while the job is being built: its constructor opens nothing.
   * @throws ApiError `NOT_A_SINK`.
   * @example
   * const job = defineJob('printed', (env) => {
   *   env.fromElements('a', 'b').sinkTo(new PrintSink({ label: 'letters' }))
   * })
   * const result = await runInSimulation(job)
   * result.printed // -> ['letters> a', 'letters> b']
   */
  sinkTo(sink: Sink<T>): DataStreamSink<T> {
    const call = callOf('sinkTo')
    if (typeof sink !== 'object' || sink === null || typeof sink.createWriter !== 'function') {
      throw new ApiError(
        'NOT_A_SINK',
        `${call.what} got ${show(sink)}: give it a Sink, an object with createWriter()`,
        {
          ...call.facts,
        },
      )
    }
    return this.#sink('Sink', { kind: 'sink', sink: sink as Sink<unknown> })
  }

  /**
   * Prints every record as a line on the program's standard output, with the subtask in front (from 1) if there is
   * more than one: `3> value`.
   *
   * @param label - comes before every line, to tell several streams apart.
   * @example
   * const job = defineJob('printed', (env) => {
   *   env.fromElements({ a: 1 }, { a: 2 }).print('row')
   * })
   * const result = await runInSimulation(job)
   * result.printed // -> ['row> { a: 1 }', 'row> { a: 2 }']
   */
  print(label?: string): DataStreamSink<T> {
    const sink = new PrintSink<unknown>(label === undefined ? {} : { label })
    return this.#sink('Print to Std. Out', { kind: 'sink', sink })
  }

  /**
   * Collects the records for the program that started the job: `job.collected(name)`.
   *
   * @param name - unique in the job.
   * @param options - how many may be collected; beyond the limit the job fails.
   * @throws ApiError `INVALID_NAME`, `INVALID_COLLECT_LIMIT` or `DUPLICATE_COLLECT_NAME`.
   * @example
   * const job = defineJob('collected', (env) => {
   *   env.fromSequence(1, 3).collect('numbers', { limit: 10 })
   * })
   * const result = await runInSimulation(job)
   * result.collected('numbers') // -> [1, 2, 3]
   */
  collect(name: string, options: CollectOptions = {}): DataStreamSink<T> {
    const call = callOf('collect')
    checkText('name', 'INVALID_NAME', name, call)
    const { limit = collectLimitDefault } = options
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new ApiError(
        'INVALID_COLLECT_LIMIT',
        `Cannot collect ${show(limit)} records at most (${call.what}): give 1 or more`,
        {
          ...call.facts,
          limit,
        },
      )
    }
    this.topology.claimCollectName(name)
    return this.#sink(`Collect ${name}`, { kind: 'collect', name, limit })
  }

  /**
   * Adds an operator by its definition: what the other methods stand on.
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
      this.topology.oneInput(name, this.transformation, operator, {
        ...(this.keySelector && { keyed: true }),
        ...options,
      }),
    )
  }

  #check(method: string, fn: unknown, members: readonly string[]): void {
    const call = callOf(method)
    checkFunction(fn, members, true, call)
    this.topology.claimFunction(fn, call)
  }

  #checkStream(method: string, other: unknown): void {
    const call = callOf(method)
    if (!(other instanceof DataStream)) {
      throw new ApiError('INVALID_STREAM', `${call.what} got ${show(other)}: give it a DataStream`, { ...call.facts })
    }
    if (other.topology !== this.topology) {
      throw new ApiError(
        'STREAM_OF_OTHER_JOB',
        `${call.what} got a stream of another environment: make both within one function given to defineJob`,
        { ...call.facts },
      )
    }
  }

  #partition(partitioning: Partitioning): DataStream<T> {
    return this.topology.streams.dataStream(this.topology, this.topology.partition(this.transformation, partitioning))
  }

  #sink(name: string, operator: OperatorDefinition): DataStreamSink<T> {
    return this.topology.streams.sink(this.topology, this.topology.sink(name, this.transformation, operator))
  }
}
