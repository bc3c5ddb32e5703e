import { chainTree } from './chain-tree.ts'
import type { JobGraph, ShipStrategy } from './job-graph.ts'

/** A job graph as Flink's REST API answers it (`/jobs/:jobid/plan`), without the id of a running job. */
export interface JobPlanDocument {
  readonly plan: {
    readonly name: string
    readonly type: 'STREAMING'
    readonly nodes: readonly JobPlanNode[]
  }
}

export interface JobPlanNode {
  readonly id: string
  readonly operator: ''
  readonly parallelism: number
  readonly operator_strategy: ''
  /** The chain as a tree, in HTML. */
  readonly description: string
  readonly optimizer_properties: Readonly<Record<string, never>>
  /** Left out if there are none. */
  readonly inputs?: readonly JobPlanInput[]
}

export interface JobPlanInput {
  readonly id: string
  readonly num: number
  readonly exchange: 'pipelined_bounded'
  readonly ship_strategy: ShipStrategy
}

/** The job graph as plain data for machines, in Flink's shape. */
export function explainAsJson({ jobName, vertices, edges }: JobGraph): JobPlanDocument {
  const nodes = vertices.map((vertex): JobPlanNode => {
    const inputs = edges
      .filter(({ targetVertex }) => targetVertex === vertex.index)
      .map(({ sourceVertex, ship }, num): JobPlanInput => {
        const { id } = vertices[sourceVertex]!
        return { id, num, exchange: 'pipelined_bounded', ship_strategy: ship }
      })
    return {
      id: vertex.id,
      operator: '',
      parallelism: vertex.parallelism,
      operator_strategy: '',
      description: chainTree(vertex)
        .map((line) => `${escapeHtml(line)}<br/>`)
        .join(''),
      optimizer_properties: {},
      ...(inputs.length > 0 && { inputs }),
    }
  })
  return { plan: { name: jobName, type: 'STREAMING', nodes } }
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
