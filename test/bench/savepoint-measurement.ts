import type { ConfigurationEntries } from '@millrace/runtime'
import { median } from './median.ts'
import { type SavepointRun, savepointRun } from './savepoint-run.ts'

export interface SavepointMeasurementRequest {
  readonly keyCount: number
  readonly parallelism: number
  readonly restoreParallelism: number
  readonly repetitions: number
  readonly warmUps: number
  readonly config: ConfigurationEntries
  onRun(kind: 'warm' | 'run', run: SavepointRun): void
}

/** The line of W7: each figure is the median of its own. */
export interface SavepointMeasurement extends SavepointRun {
  readonly workload: 'W7'
  readonly parallelism: number
  readonly restoreParallelism: number
  readonly records: number
  /** Keys that a second of the savepoint wrote. */
  readonly recordsPerSecond: number
  readonly seconds: number
}

/** Runs W7 several times in this process. */
export async function measureSavepoints(request: SavepointMeasurementRequest): Promise<SavepointMeasurement> {
  const { keyCount, parallelism, restoreParallelism, repetitions, warmUps, onRun } = request
  for (let i = 0; i < warmUps; i++) onRun('warm', await savepointRun(request))
  const runs: SavepointRun[] = []
  while (runs.length < repetitions) {
    const run = await savepointRun(request)
    runs.push(run)
    onRun('run', run)
  }
  const middle = (figure: keyof SavepointRun): number => median(runs, (run) => run[figure] ?? 0)[figure] ?? 0
  const savepointSeconds = middle('savepointSeconds')
  return {
    workload: 'W7',
    parallelism,
    restoreParallelism,
    records: keyCount,
    recordsPerSecond: Math.round(keyCount / savepointSeconds),
    seconds: savepointSeconds,
    savepointSeconds,
    savepointBytes: middle('savepointBytes'),
    savepointFiles: middle('savepointFiles'),
    loadSeconds: middle('loadSeconds'),
    restoreSubmitToAllOpenSeconds: middle('restoreSubmitToAllOpenSeconds'),
    restoreSubmitToAllKeysTouchedAgainSeconds: middle('restoreSubmitToAllKeysTouchedAgainSeconds'),
    keysWithRestoredState: middle('keysWithRestoredState'),
    otherBusyCores: middle('otherBusyCores'),
  }
}
