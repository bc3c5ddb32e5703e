import type { JobGraph } from '../graph/job-graph.ts'

/** A job graph as a Mermaid flowchart. */
export function graphMermaid({ vertices, edges }: JobGraph): string {
  const nodes = vertices.map(
    ({ index, name, parallelism }) => `  v${index}["${escaped(name)}<br/>parallelism ${parallelism}"]`,
  )
  const arrows = edges.map(({ sourceVertex, targetVertex, ship, outputTag }) => {
    const label = outputTag === null ? ship : `${ship}: ${outputTag}`
    return `  v${sourceVertex} -- "${escaped(label)}" --> v${targetVertex}`
  })
  return `${['flowchart LR', ...nodes, ...arrows].join('\n')}\n`
}

/** Mermaid's entities start with `#`. */
function escaped(text: string): string {
  return text.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('\n', ' ')
}
