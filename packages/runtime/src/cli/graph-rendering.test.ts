import { expect, test } from 'vitest'
import type { JobVertexId, OperatorId } from '../graph/ids.ts'
import type { JobEdge, JobGraph, JobVertex } from '../graph/job-graph.ts'
import { graphMermaid } from './graph-mermaid.ts'
import { graphText } from './graph-text.ts'

function vertex(index: number, name: string, parallelism: number, slotSharingGroup = 'default'): JobVertex {
  const id = String(index) as JobVertexId
  return {
    id,
    index,
    name,
    parallelism,
    maxParallelism: 128,
    explicitMaxParallelism: undefined,
    slotSharingGroup,
    operators: [],
  }
}

function edge(
  index: number,
  sourceVertex: number,
  targetVertex: number,
  ship: JobEdge['ship'],
  outputTag: string | null,
): JobEdge {
  return {
    index,
    sourceVertex,
    targetVertex,
    sourceOperator: 0,
    sourceOperatorId: '' as OperatorId,
    ship,
    distribution: 'ALL_TO_ALL',
    outputTag,
    typeNumber: 0,
    bufferTimeoutMs: 100,
  }
}

const graph: JobGraph = {
  jobName: 'word-count',
  vertices: [
    vertex(0, 'Source: "Text" -> Flat Map', 2),
    vertex(1, 'Keyed Reduce -> Print: Writer', 4),
    vertex(2, 'Odd #1 <x>: Writer', 1, 'slow'),
  ],
  edges: [edge(0, 0, 1, 'HASH', null), edge(1, 0, 2, 'REBALANCE', 'late')],
  fingerprint: 'f',
}

test('the graph for people names each vertex and the edges that leave it', () => {
  expect(graphText(graph)).toBe(`Job word-count: 3 vertices, 7 subtasks in 5 slots

[1] Source: "Text" -> Flat Map
      parallelism 2 of at most 128
      HASH -> [2]
      REBALANCE -> [3] (side output late)
[2] Keyed Reduce -> Print: Writer
      parallelism 4 of at most 128
[3] Odd #1 <x>: Writer
      parallelism 1 of at most 128, slot sharing group slow
`)
})

test('the graph for Mermaid is a flowchart with escaped labels', () => {
  expect(graphMermaid(graph)).toBe(`flowchart LR
  v0["Source: #quot;Text#quot; -> Flat Map<br/>parallelism 2"]
  v1["Keyed Reduce -> Print: Writer<br/>parallelism 4"]
  v2["Odd #35;1 #lt;x>: Writer<br/>parallelism 1"]
  v0 -- "HASH" --> v1
  v0 -- "REBALANCE: late" --> v2
`)
})
