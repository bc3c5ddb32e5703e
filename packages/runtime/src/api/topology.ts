import type { OperatorSettings, Partitioning, Transformation } from '../graph/transformation.ts'
import type { KeySelector } from '../operators/functions.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import type { TypeInformation } from '../record/type-information.ts'
import { ApiError } from './api-error.ts'
import type { BroadcastConnectedStream } from './broadcast-connected-stream.ts'
import type { BroadcastStream } from './broadcast-stream.ts'
import { callLocation } from './call-location.ts'
import type { ConnectedStreams } from './connected-streams.ts'
import type { DataStream } from './data-stream.ts'
import type { DataStreamSink } from './data-stream-sink.ts'
import type { KeyedStream } from './keyed-stream.ts'
import type { SettingOwner } from './setting-checks.ts'
import type { SingleOutputStreamOperator } from './single-output-stream-operator.ts'

/** A transformation with an operator of its own: what has a name, a parallelism and so on. */
export type OperatorTransformation = Extract<Transformation, { readonly operator: OperatorDefinition }>

/** How an operator differs from an ordinary one. */
export interface OperatorOptions {
  /** Its subtasks own key groups. */
  readonly keyed?: boolean
  /** Flink's forceNonParallel. */
  readonly nonParallel?: boolean
}

/** Makes the user's view of a transformation. Apart from the classes, whose files would otherwise import in a circle. */
export interface StreamFactory {
  dataStream<T>(topology: Topology, transformation: Transformation): DataStream<T>
  operator<T>(topology: Topology, transformation: OperatorTransformation): SingleOutputStreamOperator<T>
  keyedStream<T, K>(topology: Topology, transformation: Transformation, key: KeySelector<T, K>): KeyedStream<T, K>
  connectedStreams<A, B, K = never>(
    topology: Topology,
    first: DataStream<A>,
    second: DataStream<B>,
  ): ConnectedStreams<A, B, K>
  broadcastConnectedStream<A, B>(stream: DataStream<A>, broadcast: BroadcastStream<B>): BroadcastConnectedStream<A, B>
  sink<T>(topology: Topology, transformation: OperatorTransformation): DataStreamSink<T>
}

/** Everything that one run of a job's builder has added, in order. All streams of a job share it. */
export class Topology {
  readonly streams: StreamFactory
  readonly #operators: OperatorTransformation[] = []
  readonly #sources: OperatorTransformation[] = []
  readonly #richFunctions = new Map<object, string>()
  readonly #collectNames = new Set<string>()
  #nextId = 1
  #sealed = false

  constructor(streams: StreamFactory) {
    this.streams = streams
  }

  /** Operators and sinks in the order of calls: what Flink executes. A source takes part if one of them reads it. */
  get operators(): readonly OperatorTransformation[] {
    return this.#operators
  }

  get sources(): readonly OperatorTransformation[] {
    return this.#sources
  }

  /** The builder has returned: whoever kept a stream can add nothing to it. */
  seal(): void {
    this.#sealed = true
  }

  source(name: string, operator: OperatorDefinition): OperatorTransformation {
    const transformation = { kind: 'source', id: this.#takeId(), operator, settings: settingsOf(name) } as const
    this.#sources.push(transformation)
    return transformation
  }

  oneInput(
    name: string,
    input: Transformation,
    operator: OperatorDefinition,
    options: OperatorOptions = {},
  ): OperatorTransformation {
    const { keyed, nonParallel } = options
    return this.#add({
      kind: 'one-input',
      id: this.#takeId(),
      input,
      operator,
      settings: settingsOf(name, nonParallel),
      ...(keyed && { keyed }),
    })
  }

  twoInput(
    name: string,
    firstInput: Transformation,
    secondInput: Transformation,
    operator: OperatorDefinition,
    options: OperatorOptions = {},
  ): OperatorTransformation {
    const { keyed, nonParallel } = options
    return this.#add({
      kind: 'two-input',
      id: this.#takeId(),
      firstInput,
      secondInput,
      operator,
      settings: settingsOf(name, nonParallel),
      ...(keyed && { keyed }),
    })
  }

  sink(name: string, input: Transformation, operator: OperatorDefinition): OperatorTransformation {
    return this.#add({ kind: 'sink', id: this.#takeId(), input, operator, settings: settingsOf(name) })
  }

  union(inputs: readonly Transformation[]): Transformation {
    return { kind: 'union', id: this.#takeId(), inputs }
  }

  partition(input: Transformation, partitioning: Partitioning): Transformation {
    return { kind: 'partition', id: this.#takeId(), input, partitioning }
  }

  sideOutput(input: Transformation, tagId: string, outputType?: TypeInformation<unknown>): Transformation {
    return { kind: 'side-output', id: this.#takeId(), input, tagId, ...(outputType && { outputType }) }
  }

  /** A rich function has fields of its own and is not copied, so each operator needs its own instance. */
  claimFunction(fn: unknown, user: SettingOwner): void {
    if (typeof fn !== 'object' || fn === null) return
    const first = this.#richFunctions.get(fn)
    if (first === undefined) {
      this.#richFunctions.set(fn, user.what)
      return
    }
    const className = fn.constructor?.name ?? 'Object'
    throw new ApiError(
      'FUNCTION_USED_TWICE',
      `${user.what} got the same ${className} instance as ${first}: give each operator an instance of its own`,
      { ...user.facts, className, firstUse: first },
    )
  }

  claimCollectName(name: string): void {
    if (this.#collectNames.has(name)) {
      throw new ApiError(
        'DUPLICATE_COLLECT_NAME',
        `Cannot collect two streams as "${name}": give each a name of its own, or union the streams first`,
        { name, location: callLocation() },
      )
    }
    this.#collectNames.add(name)
  }

  #add(transformation: OperatorTransformation): OperatorTransformation {
    this.#operators.push(transformation)
    return transformation
  }

  #takeId(): number {
    if (this.#sealed) {
      throw new ApiError(
        'TOPOLOGY_SEALED',
        'Cannot add to a job whose builder has returned: call every method within the function given to defineJob',
        { location: callLocation() },
      )
    }
    return this.#nextId++
  }
}

/** An operator in messages: by its name and the line where it was added. */
export function ownerOf(settings: OperatorSettings): SettingOwner {
  const { name, location } = settings
  const place = location === undefined ? '' : ` (${location})`
  return { what: `operator "${name}"${place}`, facts: { operator: name, location } }
}

/** Like {@link ownerOf}, for an operator that is about to be added by a call of `method`. */
export function callOf(method: string): SettingOwner {
  const location = callLocation()
  const place = location === undefined ? '' : ` (${location})`
  return { what: `${method}()${place}`, facts: { method, location } }
}

function settingsOf(name: string, nonParallel?: boolean): OperatorSettings {
  const location = callLocation()
  return {
    name,
    chaining: 'always',
    ...(nonParallel && { nonParallel }),
    ...(location !== undefined && { location }),
  }
}
