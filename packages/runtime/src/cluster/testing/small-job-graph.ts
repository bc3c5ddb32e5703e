import type { JobVertexId, OperatorId } from '../../graph/ids.ts'
import type { DistributionPattern, JobGraph } from '../../graph/job-graph.ts'

/** Of a vertex: its name and parallelism; of an edge: positions of its ends. Each vertex has one operator. */
export function smallJobGraph(
  vertices: readonly (readonly [name: string, parallelism: number])[],
  edges: readonly (readonly [source: number, target: number, distribution?: DistributionPattern])[],
): JobGraph {
  return {
    jobName: 'small',
    fingerprint: '',
    vertices: vertices.map(([name, parallelism], index) => {
      const id = String(index + 1).repeat(32)
      return {
        id: id as JobVertexId,
        index,
        name,
        parallelism,
        maxParallelism: 128,
        explicitMaxParallelism: undefined,
        slotSharingGroup: 'default',
        operators: [
          {
            id: id as OperatorId,
            uid: name.toLowerCase(),
            name,
            kind: 'map',
            parallelism,
            keyed: false,
            chainedTo: [],
            networkOutputs: [],
          },
        ],
      }
    }),
    edges: edges.map(([sourceVertex, targetVertex, distribution = 'ALL_TO_ALL'], index) => ({
      index,
      sourceVertex,
      targetVertex,
      sourceOperator: 0,
      sourceOperatorId: String(sourceVertex + 1).repeat(32) as OperatorId,
      ship: distribution === 'ALL_TO_ALL' ? 'HASH' : 'FORWARD',
      distribution,
      outputTag: null,
      typeNumber: 0,
      bufferTimeoutMs: 0,
    })),
  }
}
