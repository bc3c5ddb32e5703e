import type { Configuration, ConfigurationEntries } from '../configuration/configuration.ts'
import { type AsyncIterableFactory, AsyncIterableSource } from '../connector/async-iterable-source.ts'
import { CollectionSource } from '../connector/collection-source.ts'
import { SequenceSource } from '../connector/sequence-source.ts'
import type { Source, SourceSplit } from '../connector/source.ts'
import { type ClassConstructor, type TypeRegistration, TypeRegistry } from '../record/type-registry.ts'
import { WatermarkStrategy } from '../time/watermark-strategy.ts'
import { ApiError } from './api-error.ts'
import { CheckpointConfig, type CheckpointingMode } from './checkpoint-config.ts'
import { checkBufferTimeout, checkMaxParallelism, checkParallelism, checkText, show } from './setting-checks.ts'
import type { SingleOutputStreamOperator } from './single-output-stream-operator.ts'
import { streamFactory } from './stream-factory.ts'
import { callOf, Topology } from './topology.ts'
import { checkWatermarkStrategy } from './watermark-strategy-check.ts'

const environment = { what: 'the environment', facts: {} } as const

/**
 * Where a job begins: it makes the first streams and holds what concerns the job as a whole. The function given to
 * `defineJob` gets one.
 *
 * Settings in code go before those in `millrace.yaml`, and `-D` on the command line goes before both. Only the
 * parallelism is different: `env.setParallelism` is narrower than `parallelism.default` and goes before it wherever it
 * was set, and `-p` replaces both.
 *
 * @example
 * const job = defineJob('sum', (env) => {
 *   env.fromSequence(1, 4).keyBy(() => 'all').reduce((a, b) => a + b).collect('sums')
 * })
 * const result = await runInSimulation(job)
 * result.collected('sums') // -> [1, 3, 6, 10]
 */
export class StreamExecutionEnvironment {
  /** @internal */
  readonly topology: Topology = new Topology(streamFactory)
  /** @internal */
  readonly typeRegistry: TypeRegistry = new TypeRegistry()
  #configuration: Configuration
  #parallelism: number | undefined

  /** @internal `configuration` is what was set outside of the job. Made by `buildJob`. */
  constructor(configuration: Configuration) {
    this.#configuration = configuration
  }

  /** @internal What holds after all calls so far. */
  get configuration(): Configuration {
    return this.#configuration
  }

  /** @internal What `setParallelism` set. */
  get parallelism(): number | undefined {
    return this.#parallelism
  }

  /**
   * A stream from any source: a file, a generator, a connector of your own.
   *
   * @param source - made while the job is being built: its constructor opens nothing.
   * @param watermarkStrategy - how the stream comes by its event time.
   * @param name - for plans, logs and metrics, where it is shown as `Source: <name>`.
   * @throws ApiError `NOT_A_SOURCE`, `INVALID_WATERMARK_STRATEGY` or `INVALID_NAME`.
   * @example
   * const job = defineJob('from-a-source', (env) => {
   *   env.fromSource(new SequenceSource(1, 3), WatermarkStrategy.noWatermarks(), 'Numbers').collect('numbers')
   * })
   * const result = await runInSimulation(job)
   * result.collected('numbers') // -> [1, 2, 3]
   */
  fromSource<T, SplitT extends SourceSplit>(
    source: Source<T, SplitT>,
    watermarkStrategy: WatermarkStrategy<T>,
    name: string,
  ): SingleOutputStreamOperator<T> {
    const call = callOf('fromSource')
    if (typeof source !== 'object' || source === null || typeof source.createReader !== 'function') {
      throw new ApiError(
        'NOT_A_SOURCE',
        `${call.what} got ${show(source)}: give it a Source, an object with createEnumerator() and createReader()`,
        { ...call.facts },
      )
    }
    checkWatermarkStrategy(watermarkStrategy, call)
    checkText('name', 'INVALID_NAME', name, call)
    const transformation = this.topology.source(name, { kind: 'source', source: source as unknown as Source<unknown> })
    return this.topology.streams.operator(this.topology, transformation)
  }

  /**
   * A stream of the given values, in order. It has parallelism 1.
   *
   * @param elements - every thread of the job holds them: meant for small data.
   * @example
   * const job = defineJob('elements', (env) => {
   *   env.fromElements('a', 'b').collect('letters')
   * })
   * const result = await runInSimulation(job)
   * result.collected('letters') // -> ['a', 'b']
   */
  fromElements<T>(...elements: readonly T[]): SingleOutputStreamOperator<T> {
    return this.fromSource(new CollectionSource(elements), WatermarkStrategy.noWatermarks(), 'Collection Source')
  }

  /**
   * A stream of the values of an array or of any other iterable that ends, in order. It has parallelism 1.
   *
   * @param collection - read to its end at once; every thread of the job holds its values: meant for small data.
   * @throws ApiError `INVALID_STREAM` if it is not iterable.
   * @example
   * const job = defineJob('collection', (env) => {
   *   env.fromCollection(new Set([1, 2, 2])).collect('numbers')
   * })
   * const result = await runInSimulation(job)
   * result.collected('numbers') // -> [1, 2]
   */
  fromCollection<T>(collection: Iterable<T>): SingleOutputStreamOperator<T> {
    if (typeof collection !== 'object' || collection === null || !(Symbol.iterator in collection)) {
      const call = callOf('fromCollection')
      throw new ApiError(
        'INVALID_STREAM',
        `${call.what} got ${show(collection)}: give it an array or another iterable`,
        {
          ...call.facts,
        },
      )
    }
    return this.fromSource(new CollectionSource([...collection]), WatermarkStrategy.noWatermarks(), 'Collection Source')
  }

  /**
   * A stream of integers. Each subtask of the source emits one contiguous part of them, in order.
   *
   * @param from - the first one; a safe integer.
   * @param to - the last one, included; not below `from`.
   * @throws ApiError `INVALID_SEQUENCE`.
   * @example
   * const job = defineJob('sequence', (env) => {
   *   env.fromSequence(1, 6).collect('numbers')
   * })
   * const result = await runInSimulation(job, { parallelism: 2 })
   * result.collected('numbers').toSorted() // -> [1, 2, 3, 4, 5, 6]
   */
  fromSequence(from: number, to: number): SingleOutputStreamOperator<number> {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from > to) {
      const call = callOf('fromSequence')
      throw new ApiError(
        'INVALID_SEQUENCE',
        `Cannot make a sequence from ${show(from)} to ${show(to)} (${call.what}): give two safe integers, the smaller one first`,
        { ...call.facts, from, to },
      )
    }
    return this.fromSource(new SequenceSource(from, to), WatermarkStrategy.noWatermarks(), 'Sequence Source')
  }

  /**
   * A stream of what an async iterable yields: an event emitter, a queue, a paged request. It has parallelism 1.
   *
   * It cannot be replayed: after a restart `factory` is called again, and what its iterable yielded before comes again
   * or is lost, as the iterable has it.
   *
   * @param factory - makes the iterable. Called only in the one subtask that reads it, never while the job is being
   *   built. Its `signal` is aborted when the job ends; the iterator's `return` is called then, too.
   * @throws ApiError `NOT_A_FUNCTION`. An iterable that fails fails the job with a ConnectorError
   *   `ASYNC_ITERABLE_FAILED`, whose cause is the failure.
   * @example
   * const job = defineJob('ticks', (env) => {
   *   env
   *     .fromAsyncIterable(async function* ({ signal }) {
   *       for (let tick = 1; tick <= 3 && !signal.aborted; tick++) yield tick
   *     })
   *     .collect('ticks')
   * })
   * const result = await runInSimulation(job)
   * result.collected('ticks') // -> [1, 2, 3]
   */
  fromAsyncIterable<T>(factory: AsyncIterableFactory<T>): SingleOutputStreamOperator<T> {
    if (typeof factory !== 'function') {
      const call = callOf('fromAsyncIterable')
      throw new ApiError(
        'NOT_A_FUNCTION',
        `${call.what} got ${show(factory)}: give it a function that makes the iterable, which is called in the source's subtask`,
        { ...call.facts },
      )
    }
    return this.fromSource(new AsyncIterableSource(factory), WatermarkStrategy.noWatermarks(), 'Async Iterable Source')
  }

  /**
   * Sets the parallelism of all operators that set none of their own. It goes before `parallelism.default`; `-p` on the
   * command line replaces it.
   *
   * @param parallelism - from 1 to 32,768.
   * @throws ApiError `INVALID_PARALLELISM`.
   * @example
   * const job = defineJob('parallel', (env) => {
   *   env.setParallelism(4)
   *   env.fromSequence(1, 100).map((n) => n * 2)
   * })
   * planJob(job).plan.jobGraph.vertices[0]?.parallelism // -> 4
   */
  setParallelism(parallelism: number): this {
    this.#parallelism = checkParallelism(parallelism, environment)
    return this
  }

  /**
   * Sets the number of key groups of all operators that set none of their own: `pipeline.max-parallelism`.
   *
   * @param maxParallelism - from 1 to 32,768.
   * @throws ApiError `INVALID_MAX_PARALLELISM`.
   * @example
   * const job = defineJob('key-groups', (env) => {
   *   env.setMaxParallelism(720)
   *   env.fromElements(1).map((n) => n)
   * })
   * planJob(job).plan.jobGraph.vertices[0]?.maxParallelism // -> 720
   */
  setMaxParallelism(maxParallelism: number): this {
    return this.configure({ 'pipeline.max-parallelism': checkMaxParallelism(maxParallelism, environment) })
  }

  /**
   * Sets how long a record may wait in a buffer that is not full, for all operators that set nothing of their own:
   * `execution.buffer-timeout.interval`, 100 ms unless set.
   *
   * @param timeoutMs - milliseconds; 0: every record at once (lowest latency); -1: full buffers only (highest rate).
   * @throws ApiError `INVALID_BUFFER_TIMEOUT`.
   * @example
   * const job = defineJob('full-buffers', (env) => {
   *   env.setBufferTimeout(-1)
   *   env.fromElements(1).rebalance().print()
   * })
   * planJob(job).plan.jobGraph.edges[0]?.bufferTimeoutMs // -> -1
   */
  setBufferTimeout(timeoutMs: number): this {
    const value = checkBufferTimeout(timeoutMs, 'send full buffers only', environment)
    return this.configure({ 'execution.buffer-timeout.interval': value === -1 ? '-1' : `${value} ms` })
  }

  /**
   * Has the job take checkpoints by itself, and restart from the newest one after a failure.
   *
   * @param intervalMs - the time from the start of one to the start of the next, 10 or more:
   *   `execution.checkpointing.interval`.
   * @param mode - `EXACTLY_ONCE` unless given: `execution.checkpointing.mode`.
   * @throws ApiError `INVALID_CHECKPOINTING`.
   * @example
   * const job = defineJob('checkpointed', (env) => {
   *   env.enableCheckpointing(10_000)
   *   env.fromSequence(1, 4).keyBy(() => 'all').reduce((a, b) => a + b).uid('sum').collect('sums')
   * })
   * const result = await runInSimulation(job)
   * result.collected('sums') // -> [1, 3, 6, 10]
   */
  enableCheckpointing(intervalMs: number, mode?: CheckpointingMode): this {
    const config = this.getCheckpointConfig().setCheckpointInterval(intervalMs)
    if (mode !== undefined) config.setCheckpointingConsistencyMode(mode)
    return this
  }

  /**
   * What else there is to say about checkpoints.
   *
   * @example
   * const job = defineJob('checkpointed', (env) => {
   *   env.enableCheckpointing(10_000).getCheckpointConfig().setMinPauseBetweenCheckpoints(5_000)
   *   env.fromElements(1).collect('numbers')
   * })
   * const result = await runInSimulation(job)
   * result.collected('numbers') // -> [1]
   */
  getCheckpointConfig(): CheckpointConfig {
    return new CheckpointConfig((entries) => this.configure(entries))
  }

  /**
   * Lets every operator be a vertex of its own, which costs a channel between any two of them:
   * `pipeline.operator-chaining.enabled: false`.
   *
   * @example
   * const job = defineJob('unchained', (env) => {
   *   env.disableOperatorChaining()
   *   env.fromElements(1).map((n) => n).print()
   * })
   * planJob(job).plan.jobGraph.vertices.length // -> 3
   */
  disableOperatorChaining(): this {
    return this.configure({ 'pipeline.operator-chaining.enabled': false })
  }

  /**
   * Makes it an error, when the job is planned, if records of an undeclared type cross an edge:
   * `pipeline.generic-types: false`. Declare types by `returns(type)`.
   *
   * @example
   * const job = defineJob('declared-only', (env) => {
   *   env.disableGenericTypes()
   *   env.fromElements({ n: 1 }).rebalance().print()
   * })
   * planJob(job) // throws JobError: returns(type)
   */
  disableGenericTypes(): this {
    return this.configure({ 'pipeline.generic-types': false })
  }

  /**
   * Lets instances of a class leave their thread. Without it an instance of a class in a record is an error on every
   * edge between vertices.
   *
   * @param type - the class.
   * @param registration - its name, unique in the job, and how instances become plain values and back; without these
   *   the enumerable fields travel, and the prototype is restored without a call of the constructor.
   * @throws RecordError `INVALID_TYPE` if the name or the class is taken, or the class needs `encode` and `decode`.
   * @example
   * class Point {
   *   x: number
   *   y: number
   *   constructor(x: number, y: number) {
   *     this.x = x
   *     this.y = y
   *   }
   *   get length() {
   *     return Math.hypot(this.x, this.y)
   *   }
   * }
   * const job = defineJob('points', (env) => {
   *   env.registerType(Point, { name: 'Point' })
   *   env.fromElements(new Point(3, 4)).rebalance().map((point) => point.length).collect('lengths')
   * })
   * const result = await runInSimulation(job)
   * result.collected('lengths') // -> [5]
   */
  registerType<I extends object>(type: ClassConstructor<I>, registration: TypeRegistration<I>): this {
    this.typeRegistry.register(type, registration)
    return this
  }

  /**
   * Sets options by their keys, as in `millrace.yaml`. They go before that file, and `-D` goes before them.
   *
   * @param entries - dotted keys and their values.
   * @throws ConfigurationError `UNKNOWN_OPTION`, with the nearest known key, or `ILL_TYPED_VALUE`.
   * @example
   * const job = defineJob('configured', (env) => {
   *   env.configure({ 'parallelism.default': 2, 'pipeline.operator-chaining.enabled': false })
   *   env.fromSequence(1, 10).map((n) => n)
   * })
   * planJob(job).plan.jobGraph.vertices.map((vertex) => vertex.parallelism) // -> [2, 2]
   */
  configure(entries: ConfigurationEntries): this {
    if (typeof entries !== 'object' || entries === null) {
      const call = callOf('configure')
      throw new ApiError(
        'INVALID_CONFIGURATION',
        `${call.what} got ${show(entries)}: give it an object of keys and values`,
        {
          ...call.facts,
        },
      )
    }
    this.#configuration = this.#configuration.with(entries, 'code')
    return this
  }
}
