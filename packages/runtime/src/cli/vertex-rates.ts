import type { JobMetrics, VertexMetrics } from '../cluster/job-handle.ts'

/** What a vertex did between two readings. */
export interface VertexRates {
  readonly recordsInPerSecond: number
  readonly recordsOutPerSecond: number
  /** Of the time of its subtasks, from 0 to 1. */
  readonly busyShare: number
  readonly backPressuredShare: number
}

/** The rates of each vertex from `before` to `now`; without `before`, since the start. */
export function vertexRates(before: JobMetrics | undefined, now: JobMetrics): readonly VertexRates[] {
  const durationMs = now.elapsedMs - (before?.elapsedMs ?? 0)
  return now.vertices.map((vertex, i) => ratesOf(before?.vertices[i], vertex, durationMs))
}

function ratesOf(before: VertexMetrics | undefined, now: VertexMetrics, durationMs: number): VertexRates {
  if (durationMs <= 0) return { recordsInPerSecond: 0, recordsOutPerSecond: 0, busyShare: 0, backPressuredShare: 0 }
  const seconds = durationMs / 1_000
  const subtasksMs = durationMs * Math.max(1, now.parallelism)
  return {
    recordsInPerSecond: (now.recordsIn - (before?.recordsIn ?? 0)) / seconds,
    recordsOutPerSecond: (now.recordsOut - (before?.recordsOut ?? 0)) / seconds,
    busyShare: share(now.busyMs - (before?.busyMs ?? 0), subtasksMs),
    backPressuredShare: share(now.backPressuredMs - (before?.backPressuredMs ?? 0), subtasksMs),
  }
}

function share(partMs: number, wholeMs: number): number {
  return Math.min(1, Math.max(0, partMs / wholeMs))
}
