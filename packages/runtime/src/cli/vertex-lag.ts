import type { VertexMetrics } from '../cluster/job-handle.ts'

/** Flink's name for what a source knows of and has not read. */
const pendingRecords = '.pendingRecords'

/** The lag of a vertex in records, all its subtasks together; undefined if none of its operators tells. */
export function vertexLag({ counters }: VertexMetrics): number | undefined {
  const lags = Object.keys(counters).filter((name) => name.endsWith(pendingRecords))
  return lags.length === 0 ? undefined : lags.reduce((sum, name) => sum + counters[name]!, 0)
}
