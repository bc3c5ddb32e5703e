import type { OperatorDefinition } from '../operators/operator.ts'
import type { TypeInformation } from '../record/type-information.ts'
import type { OperatorSettings, Partitioning } from './transformation.ts'

/** Operators and the edges between them, before chaining: unions, partitionings and side outputs have become edges. */
export interface StreamGraph {
  /** By `id`, ascending. */
  readonly nodes: readonly StreamNode[]
}

export interface StreamNode {
  /** The order of the calls that added the operators; sinks come last, as in Flink, where they are expanded late. */
  readonly id: number
  /** As shown: `Source: Numbers`, `Map`, `Print: Writer`. */
  readonly name: string
  readonly operator: OperatorDefinition
  readonly settings: OperatorSettings
  readonly keyed: boolean
  readonly parallelism: number
  /** Of the operator, else of the job; undefined where Flink would say -1. */
  readonly explicitMaxParallelism: number | undefined
  readonly slotSharingGroup: string
  /** Of the edges that leave the operator. */
  readonly bufferTimeoutMs: number
  /** In the order in which they were connected, as is `outEdges`. */
  readonly inEdges: StreamEdge[]
  readonly outEdges: StreamEdge[]
}

export interface StreamEdge {
  readonly source: StreamNode
  readonly target: StreamNode
  readonly partitioning: Partitioning
  readonly outputTag: string | null
  /** 0 for a one-input consumer, else which input: 1 or 2. */
  readonly typeNumber: 0 | 1 | 2
  /** The declared type of the records, if there is one. */
  readonly recordType: TypeInformation<unknown> | undefined
}
