import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { JobHandle, JobMetrics } from '../cluster/job-handle.ts'
import { liveView } from './live-view.ts'
import type { Palette } from './palette.ts'
import { elapsed, percent, shortCount } from './quantities.ts'
import type { Screen } from './screen.ts'
import { vertexRates } from './vertex-rates.ts'

/** Four pictures a second, each of the rates of the last second. */
const refreshMs = 250
const readingsKept = 5

/** Log lines come every five seconds, and after a minute every thirty. */
const logIntervalMs = 5_000
const calmLogIntervalMs = 30_000
const calmAfterMs = 60_000
const vertexesLogged = 8

/** Draws the job's vertices on the screen until the returned function is called. */
export function showLiveView(parts: {
  readonly handle: JobHandle
  readonly screen: Screen
  readonly clock: Clock
  readonly palette: Palette
  readonly size: () => { readonly width: number; readonly height: number }
}): () => void {
  const { handle, screen, clock, palette, size } = parts
  const readings: JobMetrics[] = []
  return repeat(clock, () => {
    const now = handle.metrics()
    const before = readings[0]
    screen.show(liveView({ jobName: handle.name, jobId: handle.id, now, before, palette, ...size() }))
    readings.push(now)
    if (readings.length > readingsKept) readings.shift()
    return refreshMs
  })
}

/** Logs the job's progress until the returned function is called. */
export function logProgress(parts: {
  readonly handle: JobHandle
  readonly logger: Logger
  readonly clock: Clock
}): () => void {
  const { handle, logger, clock } = parts
  let before: JobMetrics | undefined
  return repeat(clock, () => {
    const now = handle.metrics()
    if (before !== undefined) logger.info(progressLine(handle.name, before, now))
    before = now
    return now.elapsedMs < calmAfterMs ? logIntervalMs : calmLogIntervalMs
  })
}

/** One line for the whole job: `word-count RUNNING 10.0 s: Source: Text 1.2M/s (90% busy), Sink 300k/s (10% busy)`. */
export function progressLine(jobName: string, before: JobMetrics, now: JobMetrics): string {
  const rates = vertexRates(before, now)
  const vertices = now.vertices.slice(0, vertexesLogged).map(({ name }, i) => {
    const { recordsInPerSecond, recordsOutPerSecond, busyShare } = rates[i]!
    return `${name} ${shortCount(Math.max(recordsInPerSecond, recordsOutPerSecond))}/s (${percent(busyShare)} busy)`
  })
  const hidden = now.vertices.length - vertices.length
  const more = hidden > 0 ? `, and ${hidden} more` : ''
  return `${jobName} ${now.status} ${elapsed(now.elapsedMs)}: ${vertices.join(', ')}${more}`
}

/** Calls `step` now, and again after as many milliseconds as it answers. */
function repeat(clock: Clock, step: () => number): () => void {
  let cancel = (): void => {}
  let isStopped = false
  const next = (): void => {
    if (isStopped) return
    cancel = clock.schedule(step(), next)
  }
  next()
  return () => {
    isStopped = true
    cancel()
  }
}
