import type { JobMetrics, VertexMetrics } from '../cluster/job-handle.ts'
import type { JobStatus } from '../cluster/job-status.ts'
import type { Palette } from './palette.ts'
import { elapsed, longCount, percent } from './quantities.ts'
import { fitLeft, fitRight, textWidth } from './text-width.ts'
import { vertexRates } from './vertex-rates.ts'

/** How a job ended. */
export interface JobSummary {
  readonly jobName: string
  readonly jobId: string
  readonly status: JobStatus
  readonly durationMs: number
  readonly metrics: JobMetrics
  /** How many attempts there were after the first; the metrics are those of the last. */
  readonly restarts?: number
  readonly error?: { readonly code: string; readonly message: string }
}

const titles = ['vertex', 'par.', 'records in', 'records out', 'records/s', 'busy'] as const
const nameWidthMax = 60

/** The closing summary as people read it. */
export function summaryLines(summary: JobSummary, palette: Palette): string[] {
  const { jobName, jobId, status, durationMs, metrics, restarts = 0 } = summary
  const rates = vertexRates(undefined, { ...metrics, elapsedMs: durationMs })
  const rows = metrics.vertices.map((vertex, i) => [
    vertex.name,
    longCount(vertex.parallelism),
    longCount(vertex.recordsIn),
    longCount(vertex.recordsOut),
    longCount(recordsPerSecond(vertex, durationMs)),
    percent(rates[i]!.busyShare),
  ])
  const widths = titles.map((title, i) =>
    Math.min(
      i === 0 ? nameWidthMax : Number.POSITIVE_INFINITY,
      Math.max(...[title, ...rows.map((row) => row[i]!)].map(textWidth)),
    ),
  )
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? fitLeft(cell, widths[i]!) : fitRight(cell, widths[i]!))).join('  ')
  const painted = status === 'FINISHED' ? palette.green(status) : status === 'FAILED' ? palette.red(status) : status
  return [
    `${palette.bold(`Job ${jobName}`)} (${jobId}) ${painted} after ${elapsed(durationMs)}${restarts === 0 ? '' : `; restarted ${longCount(restarts)} ${restarts === 1 ? 'time' : 'times'}, counts since the last`}`,
    ...(rows.length === 0 ? [] : [palette.dim(line(titles)), ...rows.map(line)]),
    ...counterLines(metrics.vertices),
  ]
}

/** The closing summary as programs read it: one line. */
export function summaryJson(summary: JobSummary): string {
  const { jobName, jobId, status, durationMs, metrics, restarts = 0, error } = summary
  return JSON.stringify({
    type: 'summary',
    jobId,
    jobName,
    status,
    durationMs: Math.round(durationMs),
    restarts,
    vertices: metrics.vertices.map((vertex) => ({
      name: vertex.name,
      parallelism: vertex.parallelism,
      recordsIn: vertex.recordsIn,
      recordsOut: vertex.recordsOut,
      recordsPerSecond: Math.round(recordsPerSecond(vertex, durationMs)),
      bytesIn: vertex.bytesIn,
      bytesOut: vertex.bytesOut,
      busyMs: Math.round(vertex.busyMs),
      backPressuredMs: Math.round(vertex.backPressuredMs),
      idleMs: Math.round(vertex.idleMs),
      counters: vertex.counters,
    })),
    ...(error !== undefined && { error }),
  })
}

/** Of what went in; of what came out where nothing goes in. */
function recordsPerSecond({ recordsIn, recordsOut }: VertexMetrics, durationMs: number): number {
  return durationMs <= 0 ? 0 : (recordsIn > 0 ? recordsIn : recordsOut) / (durationMs / 1_000)
}

function counterLines(vertices: readonly VertexMetrics[]): string[] {
  // How things stood at the end is seldom what people want to know of a job that has ended; programs are told.
  const counters = vertices.flatMap(({ counters, gauges = [] }) =>
    Object.entries(counters).filter(([name]) => !gauges.includes(name)),
  )
  const width = Math.max(0, ...counters.map(([name]) => textWidth(name)))
  return counters.map(([name, value]) => `${fitLeft(name, width)}  ${longCount(value)}`)
}
