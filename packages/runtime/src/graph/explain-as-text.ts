import { chainTree } from './chain-tree.ts'
import type { JobEdge, JobGraph, JobVertex } from './job-graph.ts'

/** The job graph for people: every vertex with its chain, and below it the edges that leave it. */
export function explainAsText({ jobName, vertices, edges }: JobGraph): string {
  const operatorCount = vertices.reduce((sum, { operators }) => sum + operators.length, 0)
  const counts = [counted(vertices.length, 'vertex', 'vertices'), counted(operatorCount, 'operator', 'operators')]
  const subtaskCount = vertices.reduce((sum, { parallelism }) => sum + parallelism, 0)
  const subtasks = `${counted(subtaskCount, 'subtask', 'subtasks')} in ${counted(slotCount(vertices), 'slot', 'slots')}`
  const lines = [`Job "${jobName}": ${[...counts, subtasks].join(', ')}`]
  for (const vertex of vertices) {
    lines.push('', ...vertexLines(vertex))
    for (const edge of edges) if (edge.sourceVertex === vertex.index) lines.push(`     ${edgeLine(edge, vertices)}`)
  }
  return `${lines.join('\n')}\n`
}

function vertexLines(vertex: JobVertex): readonly string[] {
  const { index, id, parallelism, maxParallelism, explicitMaxParallelism, slotSharingGroup } = vertex
  const [head, ...members] = chainTree(vertex)
  const max = `max ${maxParallelism}${explicitMaxParallelism === undefined ? ' by default' : ''}`
  const group = slotSharingGroup === 'default' ? '' : `, slot sharing group "${slotSharingGroup}"`
  return [
    `[${index}] ${head}`,
    ...members.map((line) => `     ${line}`),
    `     parallelism ${parallelism} (${max})${group}, id ${id}`,
  ]
}

function edgeLine(edge: JobEdge, vertices: readonly JobVertex[]): string {
  const { sourceVertex, targetVertex, sourceOperator, ship, outputTag, typeNumber, bufferTimeoutMs } = edge
  const { operators } = vertices[sourceVertex]!
  const target = vertices[targetVertex]!.operators[0]!
  const from = operators.length > 1 ? ` from ${operators[sourceOperator]!.name}` : ''
  const tag = outputTag === null ? '' : `, side output "${outputTag}"`
  const input = typeNumber === 0 ? '' : `, input ${typeNumber}`
  return `${ship}${from} to [${targetVertex}] ${target.name}${tag}${input}, buffer timeout ${timeout(bufferTimeoutMs)}`
}

function timeout(bufferTimeoutMs: number): string {
  return bufferTimeoutMs === -1 ? 'none' : `${bufferTimeoutMs} ms`
}

/** A slot sharing group needs as many slots as its widest vertex has subtasks. */
function slotCount(vertices: readonly JobVertex[]): number {
  const widest = new Map<string, number>()
  for (const { slotSharingGroup, parallelism } of vertices) {
    widest.set(slotSharingGroup, Math.max(parallelism, widest.get(slotSharingGroup) ?? 0))
  }
  return [...widest.values()].reduce((sum, count) => sum + count, 0)
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
