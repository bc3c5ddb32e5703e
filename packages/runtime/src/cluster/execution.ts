import type { JobGraph, JobVertex } from '../graph/job-graph.ts'
import { aggregate } from '../metrics/aggregate.ts'
import type { MetricKind } from '../metrics/metric-group.ts'
import { readCounter, readSubtaskNumbers } from '../metrics/subtask-metrics.ts'
import type { SubtaskAddress, SubtaskFailure } from '../protocol/messages.ts'
import { isTerminalSubtaskState, type SubtaskState, subtaskTransition } from '../protocol/subtask-state.ts'
import type { VertexMetrics } from './job-handle.ts'

/** One attempt to run one subtask, as the coordinator knows it. */
export class Execution {
  readonly address: SubtaskAddress
  readonly #metrics: SharedArrayBuffer
  readonly #counters = new Map<string, { readonly place: number; readonly kind: MetricKind }>()
  #state: SubtaskState = 'CREATED'
  #failure: SubtaskFailure | undefined

  constructor(address: SubtaskAddress, metrics: SharedArrayBuffer) {
    this.address = address
    this.#metrics = metrics
  }

  get state(): SubtaskState {
    return this.#state
  }

  get isEnded(): boolean {
    return isTerminalSubtaskState(this.#state)
  }

  get failure(): SubtaskFailure | undefined {
    return this.#failure
  }

  enter(state: SubtaskState, failure?: SubtaskFailure): void {
    this.#state = subtaskTransition(this.#state, state)
    this.#failure = failure
  }

  addCounter(name: string, place: number, kind: MetricKind): void {
    this.#counters.set(name, { place, kind })
  }

  numbers(): ReturnType<typeof readSubtaskNumbers> {
    return readSubtaskNumbers(this.#metrics)
  }

  *counters(): Iterable<readonly [name: string, value: number, kind: MetricKind]> {
    for (const [name, { place, kind }] of this.#counters) {
      yield [name, readCounter(this.#metrics, place), kind]
    }
  }
}

/** All executions of an attempt. */
export class Executions {
  readonly #jobGraph: JobGraph
  readonly #byVertex: readonly (readonly Execution[])[]

  constructor(
    jobGraph: JobGraph,
    subtasks: readonly { readonly address: SubtaskAddress; readonly metrics: SharedArrayBuffer }[],
  ) {
    this.#jobGraph = jobGraph
    const byVertex = jobGraph.vertices.map((): Execution[] => [])
    for (const { address, metrics } of subtasks) {
      byVertex[address.vertexIndex]![address.subtaskIndex] = new Execution(address, metrics)
    }
    this.#byVertex = byVertex
  }

  at(address: SubtaskAddress): Execution {
    return this.#byVertex[address.vertexIndex]![address.subtaskIndex]!
  }

  all(): readonly Execution[] {
    return this.#byVertex.flat()
  }

  metrics(): readonly VertexMetrics[] {
    return this.#jobGraph.vertices.map((vertex, i) => sum(vertex, this.#byVertex[i]!))
  }
}

function sum(vertex: JobVertex, executions: readonly Execution[]): VertexMetrics {
  const totals = { recordsIn: 0, recordsOut: 0, bytesIn: 0, bytesOut: 0, busyMs: 0, backPressuredMs: 0, idleMs: 0 }
  const subtaskStates: Record<string, number> = {}
  const counters: Record<string, number> = {}
  const gauges = new Set<string>()
  for (const execution of executions) {
    const numbers = execution.numbers()
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += numbers[name]
    subtaskStates[execution.state] = (subtaskStates[execution.state] ?? 0) + 1
    for (const [name, value, kind] of execution.counters()) {
      counters[name] = aggregate(counters[name], value, kind)
      if (kind !== 'counter') gauges.add(name)
    }
  }
  return { name: vertex.name, parallelism: vertex.parallelism, ...totals, subtaskStates, counters, gauges: [...gauges] }
}
