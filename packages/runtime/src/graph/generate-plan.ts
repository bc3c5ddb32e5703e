import { createHash } from 'node:crypto'
import { generateStreamGraph } from './generate-stream-graph.ts'
import type { GraphSettings } from './graph-settings.ts'
import type { JobVertexId, OperatorId } from './ids.ts'
import type { ChainedOperator, JobEdge, JobGraph, JobVertex } from './job-graph.ts'
import { buildChains, chainName, isChainable, type OperatorChain } from './operator-chain.ts'
import { generateOperatorIds } from './operator-ids.ts'
import type { Plan, PlannedEdge, PlannedOperator } from './plan.ts'
import type { StreamEdge, StreamGraph, StreamNode } from './stream-graph.ts'
import { topologicalOrder } from './topological-order.ts'
import type { Transformation } from './transformation.ts'
import { vertexMaxParallelism } from './vertex-max-parallelism.ts'

/**
 * Makes the job graph of a dataflow, by Flink's rules, and keeps the functions beside it.
 *
 * `transformations` are the operators and sinks in the order in which they were added; what they read, they hold.
 * The same transformations and settings give an equal job graph with an equal fingerprint, in every thread.
 * Throws {@link GraphError} for what cannot be planned.
 */
export function generatePlan(transformations: readonly Transformation[], settings: GraphSettings): Plan {
  return planStreamGraph(generateStreamGraph(transformations, settings), settings)
}

/** The second half of {@link generatePlan}. */
export function planStreamGraph(graph: StreamGraph, settings: GraphSettings): Plan {
  const ids = generateOperatorIds(graph, settings.chaining)
  const chains = topologicalOrder(buildChains(graph, settings.chaining))
  const places = placesOf(chains)

  const streamEdges = chains.flatMap(({ outEdges }) => outEdges)
  const edgeIndexes = new Map(streamEdges.map((edge, index) => [edge, index]))
  const vertices = chains.map((chain, index) => jobVertex(chain, index, ids, places, edgeIndexes, settings))
  const edges = streamEdges.map((edge, index) => jobEdge(edge, index, ids, places))
  const { jobName } = settings
  const jobGraph: JobGraph = { jobName, vertices, edges, fingerprint: fingerprintOf({ jobName, vertices, edges }) }
  return {
    jobGraph: deepFreeze(jobGraph),
    operators: new Map(
      graph.nodes.map((node): [OperatorId, PlannedOperator] => [ids.get(node)!, plannedOperator(node)]),
    ),
    edges: streamEdges.map(plannedEdge),
  }
}

interface Place {
  readonly vertexIndex: number
  readonly operatorIndex: number
}

function placesOf(chains: readonly OperatorChain[]): ReadonlyMap<StreamNode, Place> {
  const places = new Map<StreamNode, Place>()
  chains.forEach(({ nodes }, vertexIndex) => {
    nodes.forEach((node, operatorIndex) => {
      places.set(node, { vertexIndex, operatorIndex })
    })
  })
  return places
}

function jobVertex(
  chain: OperatorChain,
  index: number,
  ids: ReadonlyMap<StreamNode, OperatorId>,
  places: ReadonlyMap<StreamNode, Place>,
  edgeIndexes: ReadonlyMap<StreamEdge, number>,
  settings: GraphSettings,
): JobVertex {
  const { head, nodes } = chain
  const { chaining: chainingEnabled, maxParallelisms = {} } = settings
  const operators = nodes.map((node): ChainedOperator => {
    const chained = node.outEdges.filter((edge) => isChainable(edge, chainingEnabled))
    const leaving = node.outEdges.filter((edge) => !isChainable(edge, chainingEnabled))
    return {
      id: ids.get(node)!,
      uid: node.settings.uid,
      name: node.name,
      kind: node.operator.kind,
      parallelism: node.parallelism,
      keyed: node.keyed,
      chainedTo: chained.map(({ target, outputTag }) => ({
        operatorIndex: places.get(target)!.operatorIndex,
        outputTag,
      })),
      networkOutputs: leaving.map((edge) => edgeIndexes.get(edge)!),
    }
  })
  return {
    id: ids.get(head)! as string as JobVertexId,
    index,
    name: chainName(head, chainingEnabled),
    parallelism: head.parallelism,
    maxParallelism: vertexMaxParallelism(chain, ids, maxParallelisms),
    explicitMaxParallelism: head.explicitMaxParallelism,
    slotSharingGroup: head.slotSharingGroup,
    operators,
  }
}

function jobEdge(
  { source, target, partitioning, outputTag, typeNumber }: StreamEdge,
  index: number,
  ids: ReadonlyMap<StreamNode, OperatorId>,
  places: ReadonlyMap<StreamNode, Place>,
): JobEdge {
  const { vertexIndex, operatorIndex } = places.get(source)!
  const ship = partitioning.kind
  return {
    index,
    sourceVertex: vertexIndex,
    targetVertex: places.get(target)!.vertexIndex,
    sourceOperator: operatorIndex,
    sourceOperatorId: ids.get(source)!,
    ship,
    distribution: ship === 'FORWARD' || ship === 'RESCALE' ? 'POINTWISE' : 'ALL_TO_ALL',
    outputTag,
    typeNumber,
    bufferTimeoutMs: source.bufferTimeoutMs,
  }
}

function plannedOperator({ operator }: StreamNode): PlannedOperator {
  return { definition: operator }
}

function plannedEdge({ partitioning, recordType }: StreamEdge): PlannedEdge {
  return {
    ...('keySelector' in partitioning && { keySelector: partitioning.keySelector }),
    ...('partitioner' in partitioning && { partitioner: partitioning.partitioner }),
    ...(recordType !== undefined && { recordType }),
  }
}

/** Objects are built with their properties in one order, so that their JSON is canonical. */
function fingerprintOf(graph: Omit<JobGraph, 'fingerprint'>): string {
  return createHash('sha256').update(JSON.stringify(graph)).digest('hex')
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const part of Object.values(value)) deepFreeze(part)
  }
  return value
}
