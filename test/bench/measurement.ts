import type { ConfigurationEntries } from '@millrace/runtime'
import { type CheckValues, checkValues, recordCounts, type WorkloadName } from './check-values.ts'
import { type MeasuredRun, measuredRun } from './measured-run.ts'
import { median } from './median.ts'

export interface MeasurementRequest {
  readonly workload: WorkloadName
  readonly parallelism: number
  readonly recordCount: number
  /** The directory of W3's text. */
  readonly text: string
  /** Runs that count. */
  readonly repetitions: number
  /** Runs before them, which do not; the first one checks the result in full. */
  readonly warmUps: number
  /** A run beside which other processes kept more cores busy is repeated, within the budget. */
  readonly otherBusyCoresMax: number
  readonly budgetSeconds: number
  readonly config: ConfigurationEntries
  onRun(kind: 'warm' | 'run' | 'busy', run: MeasuredRun): void
}

/** The line that a measurement prints: the figures are those of the median run. */
export interface Measurement extends MeasuredRun {
  readonly workload: WorkloadName
  readonly parallelism: number
  readonly records: number
  readonly recordsPerSecond: number
  readonly config: ConfigurationEntries
  readonly warmupRuns: number
  readonly cleanRuns: number
  readonly discardedBusyRuns: number
  readonly allSeconds: readonly number[]
}

/** A run came to something else than every engine comes to. */
export class CheckFailed extends Error {}

/** Runs a workload several times in this process and answers the median. */
export async function measure(request: MeasurementRequest): Promise<Measurement> {
  const { workload, parallelism, recordCount, config, onRun } = request
  const expected = checkValues(workload, recordCount)
  const input = workload === 'W3' ? request.text : String(recordCount)
  const runOnce = (checks: boolean): Promise<MeasuredRun> =>
    measuredRun({ workload, parallelism, input, checks, config })

  const checked = await runOnce(true)
  assertFull(workload, checked, expected)
  onRun('warm', checked)
  for (let i = 1; i < request.warmUps; i++) onRun('warm', await runOnce(false))

  const startedMs = performance.now()
  const clean: MeasuredRun[] = []
  const busy: MeasuredRun[] = []
  while (clean.length < request.repetitions) {
    const usedSeconds = (performance.now() - startedMs) / 1_000
    const hasOne = clean.length + busy.length > 0
    if (hasOne && usedSeconds + checked.executeWallSeconds > request.budgetSeconds) break
    if (busy.length >= busyRunsMax(request.repetitions)) break
    const run = await runOnce(false)
    assertCount(workload, run, expected)
    const isClean = (run.otherBusyCores ?? 0) <= request.otherBusyCoresMax
    onRun(isClean ? 'run' : 'busy', run)
    ;(isClean ? clean : busy).push(run)
  }
  const counted = clean.length > 0 ? clean : busy
  const chosen = median(counted, ({ seconds }) => seconds)
  const records = workload === 'W3' ? recordCounts.W3 : recordCount
  return {
    workload,
    parallelism,
    records,
    recordsPerSecond: Math.round(records / chosen.seconds),
    ...chosen,
    // The runs that count do not remember the sums: these are of the run that checked.
    checksum: checked.checksum,
    ...(checked.keys !== undefined && { keys: checked.keys }),
    config,
    warmupRuns: Math.max(1, request.warmUps),
    cleanRuns: clean.length,
    discardedBusyRuns: clean.length > 0 ? busy.length : 0,
    allSeconds: counted.map(({ seconds }) => seconds),
  }
}

/** On a machine that is never quiet there is no use in trying on. */
function busyRunsMax(repetitions: number): number {
  return repetitions * 2
}

function assertFull(workload: WorkloadName, run: MeasuredRun, expected: CheckValues): void {
  assertCount(workload, run, expected)
  for (const name of ['checksum', 'keys', 'largest'] as const) {
    if (expected[name] !== undefined && run[name] !== expected[name]) throw failed(workload, name, run, expected)
  }
}

/** What the runs that count can be held to. W1's sink adds up in each of them. */
function assertCount(workload: WorkloadName, run: MeasuredRun, expected: CheckValues): void {
  if (run.sinkRecords !== expected.sinkRecords) throw failed(workload, 'sinkRecords', run, expected)
  if (workload === 'W1' && run.checksum !== expected.checksum) throw failed(workload, 'checksum', run, expected)
}

function failed(workload: WorkloadName, name: keyof CheckValues, run: CheckValues, expected: CheckValues): CheckFailed {
  return new CheckFailed(`${workload} came out wrong: ${name} is ${run[name]}, it must be ${expected[name]}`)
}
