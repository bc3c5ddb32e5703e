import type { JobVertexId, OperatorId } from './ids.ts'

export type ShipStrategy = 'FORWARD' | 'HASH' | 'REBALANCE' | 'RESCALE' | 'SHUFFLE' | 'GLOBAL' | 'BROADCAST' | 'CUSTOM'

/** POINTWISE: a producer subtask reaches some consumer subtasks; ALL_TO_ALL: every one. */
export type DistributionPattern = 'POINTWISE' | 'ALL_TO_ALL'

/** Plain, frozen data: what a job is, without its functions. Every thread builds the same one. */
export interface JobGraph {
  readonly jobName: string
  /** In topological order, as Flink shows them. */
  readonly vertices: readonly JobVertex[]
  readonly edges: readonly JobEdge[]
  /** Hex digest of everything above: equal in every thread of a job. */
  readonly fingerprint: string
}

export interface JobVertex {
  readonly id: JobVertexId
  /** Position in `JobGraph.vertices`. */
  readonly index: number
  /** E.g. `Source: Numbers -> Map -> Filter`. */
  readonly name: string
  readonly parallelism: number
  /** Resolved: explicit, else that of the state that the job starts from, else Flink's default for the parallelism. */
  readonly maxParallelism: number
  /** As set by the user; undefined where Flink would say -1. */
  readonly explicitMaxParallelism: number | undefined
  readonly slotSharingGroup: string
  /** The chain; [0] is its head. Every other operator is in exactly one `chainedTo`, after its predecessor. */
  readonly operators: readonly ChainedOperator[]
}

export interface ChainedOperator {
  readonly id: OperatorId
  readonly uid: string | undefined
  /** E.g. `Source: Numbers`, `Map`, `Print: Writer`. */
  readonly name: string
  readonly kind: string
  readonly parallelism: number
  readonly keyed: boolean
  readonly chainedTo: readonly ChainedOutput[]
  /** Positions in `JobGraph.edges` of the edges that leave the vertex from this operator, in order. */
  readonly networkOutputs: readonly number[]
}

export interface ChainedOutput {
  /** Position in `JobVertex.operators`. */
  readonly operatorIndex: number
  /** The side output this edge carries; null for the main output. */
  readonly outputTag: string | null
}

export interface JobEdge {
  /** Position in `JobGraph.edges`. */
  readonly index: number
  /** Positions in `JobGraph.vertices`. */
  readonly sourceVertex: number
  readonly targetVertex: number
  /** Position in the source vertex's `operators` of the operator whose output this edge carries. */
  readonly sourceOperator: number
  readonly sourceOperatorId: OperatorId
  readonly ship: ShipStrategy
  readonly distribution: DistributionPattern
  readonly outputTag: string | null
  /** 0 for a one-input consumer, else which input: 1 or 2. */
  readonly typeNumber: 0 | 1 | 2
  /** -1: only full segments are sent; 0: after every record; else milliseconds. */
  readonly bufferTimeoutMs: number
}
