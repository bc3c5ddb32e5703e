import type { StreamEdge, StreamGraph, StreamNode } from './stream-graph.ts'

/** Operators that run as one: from its head, everything that chainable edges reach. It becomes a job vertex. */
export interface OperatorChain {
  readonly head: StreamNode
  /** By `id`, ascending; so the head comes first, and each after its predecessor. */
  readonly nodes: readonly StreamNode[]
  /** The edges that leave the chain. Those of one operator are in its order. */
  readonly outEdges: readonly StreamEdge[]
}

/** Whether both ends of the edge may run in one chain. */
export function isChainable({ source, target, partitioning }: StreamEdge, chainingEnabled: boolean): boolean {
  return (
    chainingEnabled &&
    // More than one input edge is a union or a second input: their records come through a gate.
    target.inEdges.length === 1 &&
    partitioning.kind === 'FORWARD' &&
    source.parallelism === target.parallelism &&
    source.slotSharingGroup === target.slotSharingGroup &&
    source.settings.chaining !== 'never' &&
    target.settings.chaining === 'always'
  )
}

/**
 * The chains of the graph in Flink's order of creation, which decides the order of vertices: depth first from the
 * sources, and a chain comes after those that its outputs led to.
 */
export function buildChains({ nodes }: StreamGraph, chainingEnabled: boolean): readonly OperatorChain[] {
  const chains: OperatorChain[] = []
  const started = new Set<StreamNode>()

  const buildChain = (head: StreamNode): void => {
    if (started.has(head)) return
    started.add(head)
    const members: StreamNode[] = []
    const outEdges: StreamEdge[] = []
    addToChain(head, members, outEdges)
    chains.push({ head, nodes: members.toSorted((a, b) => a.id - b.id), outEdges })
  }

  const addToChain = (node: StreamNode, members: StreamNode[], outEdges: StreamEdge[]): void => {
    members.push(node)
    for (const edge of node.outEdges) {
      if (isChainable(edge, chainingEnabled)) addToChain(edge.target, members, outEdges)
    }
    for (const edge of node.outEdges) {
      if (isChainable(edge, chainingEnabled)) continue
      outEdges.push(edge)
      buildChain(edge.target)
    }
  }

  for (const node of nodes) {
    if (node.inEdges.length === 0) buildChain(node)
  }
  return chains
}

/** E.g. `Source: Numbers -> (Map -> Filter, Print: Writer)`. */
export function chainName(node: StreamNode, chainingEnabled: boolean): string {
  const chained = node.outEdges
    .filter((edge) => isChainable(edge, chainingEnabled))
    .map((edge) => chainName(edge.target, chainingEnabled))
  if (chained.length === 0) return node.name
  return `${node.name} -> ${chained.length === 1 ? chained[0] : `(${chained.join(', ')})`}`
}
