import { setMaxParallelism, setName, setParallelism, setSlotSharingGroup, setUid } from './operator-settings.ts'
import type { OperatorTransformation, Topology } from './topology.ts'

/**
 * The end of a stream: what `sinkTo`, `print` and `collect` answer, to set the properties of the sink's operator.
 *
 * @example
 * const job = defineJob('named-sink', (env) => {
 *   env.fromElements(1, 2).collect('numbers').name('Numbers').uid('numbers-sink')
 * })
 * const result = await runInSimulation(job)
 * result.collected('numbers') // -> [1, 2]
 */
export class DataStreamSink<out T> {
  /** @internal */
  readonly topology: Topology
  /** @internal */
  readonly transformation: OperatorTransformation
  /** Only for the type checker: carries `T`. */
  declare readonly recordType: T

  /** @internal Made by `sinkTo`, `print` and `collect`. */
  constructor(topology: Topology, transformation: OperatorTransformation) {
    this.topology = topology
    this.transformation = transformation
  }

  /**
   * Names the sink, for plans, logs and metrics.
   *
   * @param name - not empty; need not be unique.
   * @throws ApiError `INVALID_NAME`.
   * @example
   * const job = defineJob('named', (env) => {
   *   env.fromElements('a').print().name('Letters')
   * })
   * planJob(job).plan.jobGraph.vertices[0]?.name // -> 'Source: Collection Source -> Letters: Writer'
   */
  name(name: string): this {
    setName(this.transformation, name)
    return this
  }

  /**
   * Gives the sink a lasting identity, by which its state is found again after the job has changed.
   *
   * @param uid - not empty, and unique in the job.
   * @throws ApiError `INVALID_UID`; when the job is built, GraphError `DUPLICATE_UID`.
   * @example
   * const job = defineJob('with-uid', (env) => {
   *   env.fromElements('a').print().uid('letters-out')
   * })
   * planJob(job).plan.jobGraph.vertices[0]?.operators[1]?.uid // -> 'letters-out'
   */
  uid(uid: string): this {
    setUid(this.transformation, uid)
    return this
  }

  /**
   * Fixes the number of the sink's subtasks. It goes before every other setting, `-p` included.
   *
   * @param parallelism - from 1 to 32,768, and within what the sink accepts.
   * @throws ApiError `INVALID_PARALLELISM` or `PARALLELISM_ABOVE_MAXIMUM`.
   * @example
   * const job = defineJob('one-writer', (env) => {
   *   env.setParallelism(4)
   *   env.fromSequence(1, 100).collect('numbers').setParallelism(1)
   * })
   * planJob(job).plan.jobGraph.vertices.map((vertex) => vertex.parallelism) // -> [4, 1]
   */
  setParallelism(parallelism: number): this {
    setParallelism(this.transformation, parallelism)
    return this
  }

  /**
   * Fixes the upper bound of the sink's parallelism.
   *
   * @param maxParallelism - from 1 to 32,768, and not below the parallelism.
   * @throws ApiError `INVALID_MAX_PARALLELISM` or `PARALLELISM_ABOVE_MAXIMUM`.
   * @example
   * const job = defineJob('bounded-sink', (env) => {
   *   env.fromElements(1).rebalance().print().setMaxParallelism(8)
   * })
   * planJob(job).plan.jobGraph.vertices[1]?.maxParallelism // -> 8
   */
  setMaxParallelism(maxParallelism: number): this {
    setMaxParallelism(this.transformation, maxParallelism)
    return this
  }

  /**
   * Keeps the sink out of the chain of the operator before it.
   *
   * @example
   * const job = defineJob('apart', (env) => {
   *   env.fromElements(1).print().disableChaining()
   * })
   * planJob(job).plan.jobGraph.vertices.length // -> 2
   */
  disableChaining(): this {
    this.transformation.settings.chaining = 'never'
    return this
  }

  /**
   * Starts a new chain with the sink. Nothing can follow a sink in a chain, so it means the same as `disableChaining`.
   *
   * @example
   * const job = defineJob('apart', (env) => {
   *   env.fromElements(1).print().startNewChain()
   * })
   * planJob(job).plan.jobGraph.vertices.length // -> 2
   */
  startNewChain(): this {
    this.transformation.settings.chaining = 'head'
    return this
  }

  /**
   * Puts the sink into a slot sharing group: its subtasks share slots (worker threads) with that group only. Without
   * a call it inherits the group of its input.
   *
   * @param group - the group's name; `default` is the group everything starts in.
   * @throws ApiError `INVALID_SLOT_SHARING_GROUP`.
   * @example
   * const job = defineJob('own-thread', (env) => {
   *   env.fromElements(1).print().slotSharingGroup('output')
   * })
   * planJob(job).plan.jobGraph.vertices.map((vertex) => vertex.slotSharingGroup) // -> ['default', 'output']
   */
  slotSharingGroup(group: string): this {
    setSlotSharingGroup(this.transformation, group)
    return this
  }
}
