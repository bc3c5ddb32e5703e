import type { TypeInformation } from '../record/type-information.ts'
import { DataStream } from './data-stream.ts'
import { type DeclaredType, typeInformationOf } from './declared-type.ts'
import { setMaxParallelism, setName, setParallelism, setSlotSharingGroup, setUid } from './operator-settings.ts'
import { checkBufferTimeout } from './setting-checks.ts'
import { type OperatorTransformation, ownerOf, type Topology } from './topology.ts'

/**
 * The stream that leaves an operator. The methods here set the operator's properties and answer the same stream, so
 * they come right behind the operator: `stream.map(parse).name('Parse').uid('parse')`.
 *
 * @example
 * const job = defineJob('settings', (env) => {
 *   env
 *     .fromElements('1', '2')
 *     .map((text) => Number(text))
 *     .name('Parse')
 *     .uid('parse')
 *     .collect('numbers')
 * })
 * const result = await runInSimulation(job)
 * result.collected('numbers') // -> [1, 2]
 */
export class SingleOutputStreamOperator<out T> extends DataStream<T> {
  readonly #operator: OperatorTransformation

  /** @internal Made by the methods of `DataStream`. */
  constructor(topology: Topology, transformation: OperatorTransformation) {
    super(topology, transformation)
    this.#operator = transformation
  }

  /**
   * Names the operator, for plans, logs and metrics. Without a call it has Flink's name: `Map`, `Keyed Reduce`, ...
   *
   * @param name - not empty; need not be unique.
   * @throws ApiError `INVALID_NAME`.
   * @example
   * const job = defineJob('named', (env) => {
   *   env.fromElements('a').map((letter) => letter.toUpperCase()).name('Upper case')
   * })
   * planJob(job).plan.jobGraph.vertices[0]?.name // -> 'Source: Collection Source -> Upper case'
   */
  name(name: string): this {
    setName(this.#operator, name)
    return this
  }

  /**
   * Gives the operator a lasting identity, by which its state is found again after the job has changed. Every operator
   * with state should have one: without it the identity follows from the position in the graph.
   *
   * @param uid - not empty, and unique in the job.
   * @throws ApiError `INVALID_UID`; when the job is built, GraphError `DUPLICATE_UID`.
   * @example
   * const job = defineJob('with-uid', (env) => {
   *   env.fromElements(1).map((n) => n + 1).uid('increment')
   * })
   * planJob(job).plan.jobGraph.vertices[0]?.operators[1]?.uid // -> 'increment'
   */
  uid(uid: string): this {
    setUid(this.#operator, uid)
    return this
  }

  /**
   * Fixes the number of the operator's subtasks. It goes before every other setting, `-p` included.
   *
   * @param parallelism - from 1 to 32,768, and within what a source accepts.
   * @throws ApiError `INVALID_PARALLELISM` or `PARALLELISM_ABOVE_MAXIMUM`.
   * @example
   * const job = defineJob('wide-map', (env) => {
   *   env.fromElements(1, 2, 3).map((n) => n * n).setParallelism(3)
   * })
   * planJob(job).plan.jobGraph.vertices.map((vertex) => vertex.parallelism) // -> [1, 3]
   */
  setParallelism(parallelism: number): this {
    setParallelism(this.#operator, parallelism)
    return this
  }

  /**
   * Fixes the number of key groups of the operator, which bounds its parallelism for good: state is stored by key
   * group. Without a call Flink's formula gives 128 up to parallelism 85, and about one and a half times the
   * parallelism beyond.
   *
   * @param maxParallelism - from 1 to 32,768, and not below the parallelism.
   * @throws ApiError `INVALID_MAX_PARALLELISM` or `PARALLELISM_ABOVE_MAXIMUM`.
   * @example
   * const job = defineJob('key-groups', (env) => {
   *   env.fromElements({ user: 'ann', n: 1 }).keyBy((e) => e.user).sum('n').setMaxParallelism(720)
   * })
   * planJob(job).plan.jobGraph.vertices[1]?.maxParallelism // -> 720
   */
  setMaxParallelism(maxParallelism: number): this {
    setMaxParallelism(this.#operator, maxParallelism)
    return this
  }

  /**
   * Starts a new chain with this operator: it is not chained to what comes before, but what follows may be.
   *
   * @example
   * const job = defineJob('two-chains', (env) => {
   *   env.fromElements(1).map((n) => n + 1).map((n) => n * 2).startNewChain()
   * })
   * planJob(job).plan.jobGraph.vertices.map((vertex) => vertex.name) // -> ['Source: Collection Source -> Map', 'Map']
   */
  startNewChain(): this {
    this.#operator.settings.chaining = 'head'
    return this
  }

  /**
   * Keeps this operator out of every chain: records are handed over through a channel on both sides.
   *
   * @example
   * const job = defineJob('alone', (env) => {
   *   env.fromElements(1).map((n) => n + 1).disableChaining().map((n) => n * 2)
   * })
   * planJob(job).plan.jobGraph.vertices.length // -> 3
   */
  disableChaining(): this {
    this.#operator.settings.chaining = 'never'
    return this
  }

  /**
   * Puts the operator into a slot sharing group: its subtasks share slots (worker threads) with that group only.
   * Without a call it inherits the group of its inputs.
   *
   * @param group - the group's name; `default` is the group everything starts in.
   * @throws ApiError `INVALID_SLOT_SHARING_GROUP`.
   * @example
   * const job = defineJob('heavy-work-apart', (env) => {
   *   env.fromElements(1).map((n) => n + 1).slotSharingGroup('heavy')
   * })
   * planJob(job).plan.jobGraph.vertices.map((vertex) => vertex.slotSharingGroup) // -> ['default', 'heavy']
   */
  slotSharingGroup(group: string): this {
    setSlotSharingGroup(this.#operator, group)
    return this
  }

  /**
   * Sets how long a record may wait in a buffer that is not full before it is sent to the next operator.
   *
   * @param timeoutMs - milliseconds; 0: every record at once (lowest latency); -1: what the environment has, as in Flink.
   * @throws ApiError `INVALID_BUFFER_TIMEOUT`.
   * @example
   * const job = defineJob('low-latency', (env) => {
   *   env.fromElements(1).map((n) => n + 1).setBufferTimeout(0).rebalance().print()
   * })
   * planJob(job).plan.jobGraph.edges[0]?.bufferTimeoutMs // -> 0
   */
  setBufferTimeout(timeoutMs: number): this {
    this.#operator.settings.bufferTimeoutMs = checkBufferTimeout(
      timeoutMs,
      'as the environment has it',
      ownerOf(this.#operator.settings),
    )
    return this
  }

  /**
   * Declares the type of the operator's records, so that their codec need not be inferred from the records.
   *
   * @param type - a `TypeInformation`, for example of `Types.row`, or a Standard Schema.
   * @throws ApiError `INVALID_TYPE`.
   * @example
   * const job = defineJob('declared', (env) => {
   *   env
   *     .fromElements({ user: 'ann', n: 1 })
   *     .returns(Types.row({ user: Types.STRING, n: Types.INT }))
   *     .keyBy((e) => e.user)
   *     .sum('n')
   *     .collect('sums')
   * })
   * const result = await runInSimulation(job)
   * result.collected('sums') // -> [{ user: 'ann', n: 1 }]
   */
  returns(type: DeclaredType<T>): this {
    const information: TypeInformation<unknown> = typeInformationOf(type, ownerOf(this.#operator.settings))
    this.#operator.settings.outputType = information
    return this
  }
}
