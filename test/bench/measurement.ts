import type { ConfigurationEntries } from '@millrace/runtime'
import { type CheckValues, checkValues, recordCounts, type WorkloadName } from './check-values.ts'
import { type MeasuredRun, measuredRun } from './measured-run.ts'
import { median } from './median.ts'

/** How often something is run, and what counts. */
export interface RepetitionRequest {
  readonly parallelism: number
  readonly recordCount: number
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

export interface MeasurementRequest extends RepetitionRequest {
  readonly workload: WorkloadName
  /** The directory of W3's text. */
  readonly text: string
}

/** What is measured, whatever it is. */
export interface Measurable<W extends string> {
  readonly workload: W
  readonly expected: CheckValues
  /** What each run can be held to; the first one is held to all of it. */
  readonly checkedAlways: readonly (keyof CheckValues)[]
  runOnce(checks: boolean): Promise<MeasuredRun>
}

/** The line that a measurement prints: the figures are those of the median run. */
export interface Measurement<W extends string = WorkloadName> extends MeasuredRun {
  readonly workload: W
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

/** Runs a workload of memory several times in this process and answers the median. */
export function measure(request: MeasurementRequest): Promise<Measurement> {
  const { workload, parallelism, config } = request
  const recordCount = workload === 'W3' ? recordCounts.W3 : request.recordCount
  const input = workload === 'W3' ? request.text : String(recordCount)
  return measureRuns(
    {
      workload,
      expected: checkValues(workload, recordCount),
      // W1's sink adds up in each of them.
      checkedAlways: workload === 'W1' ? ['sinkRecords', 'checksum'] : ['sinkRecords'],
      runOnce: (checks) => measuredRun({ workload, parallelism, input, checks, config }),
    },
    { ...request, recordCount },
  )
}

/** Runs `measurable` several times and answers the median. */
export async function measureRuns<W extends string>(
  { workload, expected, checkedAlways, runOnce }: Measurable<W>,
  request: RepetitionRequest,
): Promise<Measurement<W>> {
  const { parallelism, recordCount, config, onRun } = request
  const assertRight = (run: MeasuredRun, names: readonly (keyof CheckValues)[]): void => {
    for (const name of names) {
      if (expected[name] === undefined || run[name] === expected[name]) continue
      throw new CheckFailed(`${workload} came out wrong: ${name} is ${run[name]}, it must be ${expected[name]}`)
    }
  }

  const checked = await runOnce(true)
  assertRight(checked, ['sinkRecords', 'checksum', 'keys', 'largest'])
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
    assertRight(run, checkedAlways)
    const isClean = (run.otherBusyCores ?? 0) <= request.otherBusyCoresMax
    onRun(isClean ? 'run' : 'busy', run)
    ;(isClean ? clean : busy).push(run)
  }
  const counted = clean.length > 0 ? clean : busy
  const chosen = median(counted, ({ seconds }) => seconds)
  return {
    workload,
    parallelism,
    records: recordCount,
    recordsPerSecond: Math.round(recordCount / chosen.seconds),
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
