import type { JobDefinition } from '@millrace/runtime'

/** A job and what it must collect, whatever the parallelism and the order in which things happen. */
export interface Topology {
  readonly default: JobDefinition
  readonly expected: Readonly<Record<string, Expectation>>
}

/** The records of one `collect` sink: in this order, or in any; or these among others. */
export type Expectation =
  | { readonly inOrder: readonly unknown[] }
  | { readonly inAnyOrder: readonly unknown[] }
  | { readonly includesAll: readonly unknown[] }

/** The integers from 0. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
