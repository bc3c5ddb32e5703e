import { type ConfigurationEntries, run } from '@millrace/runtime'
import type { CheckValues, WorkloadName } from './check-values.ts'
import { otherBusyCores, readLoad } from './machine-load.ts'
import { nowUs } from './now.ts'

/** What is run. */
export interface RunRequest {
  readonly workload: WorkloadName
  readonly parallelism: number
  /** The number of records, or the directory of the text. */
  readonly input: string
  readonly checks: boolean
  readonly config: ConfigurationEntries
}

/** What one run came to. Seconds are from the first record that a source made to the last flush of a sink (W6: the end). */
export interface MeasuredRun extends CheckValues {
  readonly seconds: number
  readonly submitToFirstRecordSeconds: number
  readonly executeWallSeconds: number
  readonly ownCpuSeconds: number
  readonly otherBusyCores: number | undefined
  /** How many were completed. */
  readonly checkpoints: number
}

const jobFiles: Readonly<Record<WorkloadName, URL>> = {
  W1: new URL('./jobs/w1.ts', import.meta.url),
  W2: new URL('./jobs/w2.ts', import.meta.url),
  W2b: new URL('./jobs/w2b.ts', import.meta.url),
  W3: new URL('./jobs/w3.ts', import.meta.url),
}

/** Runs a workload once. */
export function measuredRun({ workload, parallelism, input, checks, config }: RunRequest): Promise<MeasuredRun> {
  const args = [input, checks ? 'check' : 'measure']
  return timedRun({ job: jobFiles[workload], args, parallelism, config, until: 'last-flush' })
}

export interface TimedRunRequest {
  readonly job: URL
  readonly args: readonly string[]
  readonly parallelism: number
  readonly config: ConfigurationEntries
  /** Where the seconds end: at the last flush of a sink, or when the job is over, with all its output committed. */
  readonly until: 'last-flush' | 'end-of-job'
}

/** Runs a fresh job with threads of its own. */
export async function timedRun({ job: file, args, parallelism, config, until }: TimedRunRequest): Promise<MeasuredRun> {
  const loadBefore = readLoad()
  const submittedUs = nowUs()
  const job = await run(file, { args, config, parallelism })
  const { metrics } = await job.result
  const endedUs = nowUs()
  const loadAfter = readLoad()

  const counters = metrics.vertices.flatMap((vertex) => Object.entries(vertex.counters))
  const valuesOf = (name: string): number[] =>
    counters.filter(([fullName]) => fullName.split('.').at(-1)?.split('-')[0] === name).map(([, value]) => value)
  const firstRecordUs = Math.min(...valuesOf('firstRecordUs'))
  const lastUs = until === 'end-of-job' ? endedUs : Math.max(...valuesOf('lastFlushUs'))
  const sum = (name: string): number => valuesOf(name).reduce((total, value) => total + value, 0)
  const wallSeconds = (endedUs - submittedUs) / 1e6
  return {
    seconds: (lastUs - firstRecordUs) / 1e6,
    submitToFirstRecordSeconds: (firstRecordUs - submittedUs) / 1e6,
    executeWallSeconds: wallSeconds,
    ownCpuSeconds: loadAfter.ownCpuSeconds - loadBefore.ownCpuSeconds,
    otherBusyCores: otherBusyCores(loadBefore, loadAfter, wallSeconds),
    checkpoints: job.checkpoints().counts.completed,
    sinkRecords: sum('sinkRecords'),
    checksum: sum('checksum'),
    ...(valuesOf('keys').length > 0 && { keys: sum('keys') }),
    ...(valuesOf('largest').length > 0 && { largest: Math.max(...valuesOf('largest')) }),
  }
}
