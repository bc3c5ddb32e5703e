import type { JobGraph, JobVertex } from '../graph/job-graph.ts'

/** A job graph as people read it: each vertex with the edges that leave it. */
export function graphText(graph: JobGraph): string {
  const blocks = graph.vertices.map((vertex) => {
    const edges = graph.edges
      .filter((edge) => edge.sourceVertex === vertex.index)
      .map((edge) => {
        const tag = edge.outputTag === null ? '' : ` (side output ${edge.outputTag})`
        return `      ${edge.ship} -> [${edge.targetVertex + 1}]${tag}`
      })
    return [vertexLine(vertex), ...edges].join('\n')
  })
  return `${headLine(graph)}\n\n${blocks.join('\n')}\n`
}

function vertexLine({ index, name, parallelism, maxParallelism, slotSharingGroup }: JobVertex): string {
  const group = slotSharingGroup === 'default' ? '' : `, slot sharing group ${slotSharingGroup}`
  return `[${index + 1}] ${name}\n      parallelism ${parallelism} of at most ${maxParallelism}${group}`
}

function headLine({ jobName, vertices }: JobGraph): string {
  const slots = new Map<string, number>()
  for (const { slotSharingGroup, parallelism } of vertices) {
    slots.set(slotSharingGroup, Math.max(parallelism, slots.get(slotSharingGroup) ?? 0))
  }
  const slotCount = [...slots.values()].reduce((sum, count) => sum + count, 0)
  const subtaskCount = vertices.reduce((sum, { parallelism }) => sum + parallelism, 0)
  return `Job ${jobName}: ${counted(vertices.length, 'vertex', 'vertices')}, ${counted(subtaskCount, 'subtask', 'subtasks')} in ${counted(slotCount, 'slot', 'slots')}`
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
