import { assert } from '../base/assert.ts'
import type { OperatorChain } from './operator-chain.ts'
import type { StreamNode } from './stream-graph.ts'

/**
 * Chains in Flink's topological order: first those without inputs, in the order given; then, from each of them in
 * turn and depth first, every chain whose producers all come before it.
 */
export function topologicalOrder(chains: readonly OperatorChain[]): readonly OperatorChain[] {
  const chainOf = new Map<StreamNode, OperatorChain>()
  for (const chain of chains) for (const node of chain.nodes) chainOf.set(node, chain)

  const sorted = chains.filter(({ head }) => head.inEdges.length === 0)
  const remaining = new Set(chains.filter(({ head }) => head.inEdges.length > 0))

  const addConsumers = (producer: OperatorChain): void => {
    for (const edge of producer.outEdges) {
      const consumer = chainOf.get(edge.target)!
      if (!remaining.has(consumer)) continue
      if (consumer.head.inEdges.some(({ source }) => remaining.has(chainOf.get(source)!))) continue
      sorted.push(consumer)
      remaining.delete(consumer)
      addConsumers(consumer)
    }
  }

  for (let i = 0; remaining.size > 0; i++) {
    assert(i < sorted.length, () => 'the stream graph has a cycle')
    addConsumers(sorted[i]!)
  }
  return sorted
}
