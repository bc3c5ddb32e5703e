import { defaultMaxParallelism } from '../keys/max-parallelism.ts'
import { GraphError, operatorInWords } from './graph-error.ts'
import type { OperatorId } from './ids.ts'
import type { OperatorChain } from './operator-chain.ts'
import type { StreamNode } from './stream-graph.ts'

/**
 * The max parallelism of a vertex: what is set on the head of its chain or on the job; else that of the state which its
 * operators start from (`ofState`, by operator id), because key groups cannot be cut anew; else Flink's default.
 * As in Flink, operators of different max parallelism may share a chain, and that of the head holds.
 *
 * @throws GraphError `PARALLELISM_ABOVE_MAXIMUM` if the state's is too low for the parallelism of the vertex.
 */
export function vertexMaxParallelism(
  { head, nodes }: OperatorChain,
  ids: ReadonlyMap<StreamNode, OperatorId>,
  ofState: Readonly<Record<string, number>>,
): number {
  if (head.explicitMaxParallelism !== undefined) return head.explicitMaxParallelism
  const owner = nodes.find((node) => ofState[ids.get(node)!] !== undefined)
  if (owner === undefined) return defaultMaxParallelism(head.parallelism)
  const maxParallelism = ofState[ids.get(owner)!]!
  if (head.parallelism <= maxParallelism) return maxParallelism
  throw new GraphError(
    'PARALLELISM_ABOVE_MAXIMUM',
    `Cannot run ${operatorInWords(owner.settings)} with parallelism ${head.parallelism}: the state that it starts from has ` +
      `max parallelism ${maxParallelism}, which was fixed when the job first ran; run it with ${maxParallelism} or less, or ` +
      'without its state',
    {
      operator: owner.settings.name,
      location: owner.settings.location,
      parallelism: head.parallelism,
      maxParallelism,
    },
  )
}
