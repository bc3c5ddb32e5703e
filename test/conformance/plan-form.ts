import type { JobEdge, JobGraph, JobVertex, ShipStrategy } from '../../packages/runtime/src/graph/job-graph.ts'
import type { StreamGraph } from '../../packages/runtime/src/graph/stream-graph.ts'

/** How Flink redistributes the state of records in flight when an edge of this kind is rescaled. */
const stateMappers: Readonly<Record<ShipStrategy, readonly [upstream: string, downstream: string]>> = {
  FORWARD: ['UNSUPPORTED', 'UNSUPPORTED'],
  RESCALE: ['UNSUPPORTED', 'UNSUPPORTED'],
  BROADCAST: ['UNSUPPORTED', 'UNSUPPORTED'],
  HASH: ['ARBITRARY', 'RANGE'],
  REBALANCE: ['ARBITRARY', 'ROUND_ROBIN'],
  SHUFFLE: ['ARBITRARY', 'ROUND_ROBIN'],
  GLOBAL: ['ARBITRARY', 'FIRST'],
  CUSTOM: ['ARBITRARY', 'FULL'],
}

/** Our graphs in the form in which the vectors have Flink's. */
export function planForm(streamGraph: StreamGraph, jobGraph: JobGraph): Readonly<Record<string, unknown>> {
  const groups = [...new Set(jobGraph.vertices.map(({ slotSharingGroup }) => slotSharingGroup))]
  return {
    vertices: jobGraph.vertices.map((vertex) => vertexForm(vertex, jobGraph, groups)),
    edges: jobGraph.edges.map(edgeForm),
    streamNodes: streamGraph.nodes.map(({ name, parallelism, explicitMaxParallelism, slotSharingGroup }) => ({
      name,
      parallelism,
      maxParallelism: explicitMaxParallelism ?? -1,
      slotSharingGroup,
    })),
    streamEdges: streamGraph.nodes.flatMap(({ outEdges }) =>
      outEdges.map(({ source, target, partitioning, outputTag, typeNumber }) => ({
        from: source.name,
        to: target.name,
        partitioner: partitioning.kind,
        outputTag,
        typeNumber,
        bufferTimeout: source.bufferTimeoutMs,
      })),
    ),
  }
}

function vertexForm(vertex: JobVertex, { vertices, edges }: JobGraph, groups: readonly string[]): unknown {
  const { index, name, parallelism, explicitMaxParallelism, slotSharingGroup, operators } = vertex
  return {
    index,
    name,
    parallelism,
    maxParallelism: explicitMaxParallelism ?? -1,
    slotSharingGroup: groups.indexOf(slotSharingGroup),
    head: operators[0]?.name,
    operators: operators.map(({ name: operator, chainedTo, networkOutputs }) => ({
      operator,
      chainedTo: chainedTo.map(({ operatorIndex }) => operators[operatorIndex]?.name),
      networkOutputs: networkOutputs
        .map((edgeIndex) => edges[edgeIndex])
        .filter((edge) => edge !== undefined)
        .map(({ ship, targetVertex, outputTag }) => ({
          partitioner: ship,
          consumerParallelism: vertices[targetVertex]?.parallelism,
          outputTag,
        })),
    })),
  }
}

function edgeForm({ sourceVertex, targetVertex, ship, distribution, typeNumber }: JobEdge): unknown {
  const [upstreamStateMapper, downstreamStateMapper] = stateMappers[ship]
  return {
    from: sourceVertex,
    to: targetVertex,
    ship,
    distribution,
    // The only kind there is: records flow while the producer runs, through bounded channels.
    resultType: 'PIPELINED_BOUNDED',
    upstreamStateMapper,
    downstreamStateMapper,
    typeNumber,
  }
}
