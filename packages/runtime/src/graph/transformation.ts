import type { KeySelector, Partitioner } from '../operators/functions.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
import type { TypeInformation } from '../record/type-information.ts'

/** How an operator may be chained. `never`: neither to what is before nor to what comes after. `head`: only after. */
export type ChainingStrategy = 'always' | 'head' | 'never'

/** What a user may set on every operator. The API mutates these until the graph is generated. */
export interface OperatorSettings {
  name: string
  uid?: string
  parallelism?: number
  maxParallelism?: number
  slotSharingGroup?: string
  bufferTimeoutMs?: number
  chaining: ChainingStrategy
  /** Flink's forceNonParallel: parallelism and max parallelism are 1, whatever is set. */
  nonParallel?: boolean
  /** The declared type of the operator's output, by `returns(type)`. */
  outputType?: TypeInformation<unknown>
  /** Where in the user's code the operator was added: for messages. */
  location?: string
}

/** The way from one operator to the next; what a user wrote, or none: then FORWARD if parallelism is equal, else REBALANCE. */
export type Partitioning =
  | { readonly kind: 'FORWARD' | 'REBALANCE' | 'RESCALE' | 'SHUFFLE' | 'GLOBAL' | 'BROADCAST' }
  | { readonly kind: 'HASH'; readonly keySelector: KeySelector<unknown, unknown> }
  | {
      readonly kind: 'CUSTOM'
      readonly partitioner: Partitioner<unknown>
      readonly keySelector: KeySelector<unknown, unknown>
    }

/** One call of the API, as it was made. `id` counts from 1 in the order of calls. */
export type Transformation =
  | {
      readonly kind: 'source'
      readonly id: number
      readonly operator: OperatorDefinition
      readonly settings: OperatorSettings
    }
  | {
      readonly kind: 'one-input'
      readonly id: number
      readonly input: Transformation
      readonly operator: OperatorDefinition
      readonly settings: OperatorSettings
      /** Set if the operator keeps keyed state: its subtasks own key groups. */
      readonly keyed?: boolean
    }
  | {
      readonly kind: 'two-input'
      readonly id: number
      readonly firstInput: Transformation
      readonly secondInput: Transformation
      readonly operator: OperatorDefinition
      readonly settings: OperatorSettings
      readonly keyed?: boolean
    }
  | {
      readonly kind: 'sink'
      readonly id: number
      readonly input: Transformation
      readonly operator: OperatorDefinition
      readonly settings: OperatorSettings
    }
  | { readonly kind: 'union'; readonly id: number; readonly inputs: readonly Transformation[] }
  | {
      readonly kind: 'partition'
      readonly id: number
      readonly input: Transformation
      readonly partitioning: Partitioning
    }
  | {
      readonly kind: 'side-output'
      readonly id: number
      readonly input: Transformation
      readonly tagId: string
      readonly outputType?: TypeInformation<unknown>
    }
