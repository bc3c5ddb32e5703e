import type { JobGraph, JobVertex } from './job-graph.ts'

/** The job graph as a Mermaid flowchart. Slot sharing groups are frames, if there is more than one. */
export function explainAsMermaid({ vertices, edges }: JobGraph): string {
  const groups = [...new Set(vertices.map(({ slotSharingGroup }) => slotSharingGroup))]
  const lines = ['flowchart LR']
  if (groups.length === 1) {
    for (const vertex of vertices) lines.push(`  ${box(vertex)}`)
  } else {
    groups.forEach((group, i) => {
      lines.push(`  subgraph g${i}["${escaped(`slot sharing group ${group}`)}"]`)
      for (const vertex of vertices) if (vertex.slotSharingGroup === group) lines.push(`    ${box(vertex)}`)
      lines.push('  end')
    })
  }
  for (const { sourceVertex, targetVertex, ship, outputTag } of edges) {
    const label = outputTag === null ? ship : `${ship} ${outputTag}`
    lines.push(`  v${sourceVertex} -->|"${escaped(label)}"| v${targetVertex}`)
  }
  return `${lines.join('\n')}\n`
}

function box({ index, name, parallelism }: JobVertex): string {
  return `v${index}["${escaped(name)}<br/>parallelism ${parallelism}"]`
}

/** Within quotes, Mermaid takes everything literally but quotes, entities, HTML and the backticks of its Markdown. */
function escaped(text: string): string {
  return text.replaceAll(/[#"&<>`\\]/g, (char) => `#${char.charCodeAt(0)};`).replaceAll(/\s+/g, ' ')
}
