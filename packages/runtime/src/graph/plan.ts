import type { KeySelector, Partitioner } from '../operators/functions.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import type { TypeInformation } from '../record/type-information.ts'
import type { OperatorId } from './ids.ts'
import type { JobGraph } from './job-graph.ts'

/** A job graph together with the functions of this thread, found by operator id and edge. */
export interface Plan {
  readonly jobGraph: JobGraph
  readonly operators: ReadonlyMap<OperatorId, PlannedOperator>
  /** By `JobEdge.index`. */
  readonly edges: readonly PlannedEdge[]
}

export interface PlannedOperator {
  readonly definition: OperatorDefinition
}

export interface PlannedEdge {
  /** For HASH and CUSTOM. */
  readonly keySelector?: KeySelector<unknown, unknown>
  /** For CUSTOM. */
  readonly partitioner?: Partitioner<unknown>
  /** The declared type of the records, if there is one. */
  readonly recordType?: TypeInformation<unknown>
}
