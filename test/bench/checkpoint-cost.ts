import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigurationEntries } from '@millrace/runtime'
import { type CheckValues, checkValues } from './check-values.ts'
import { type MeasuredRun, measuredRun } from './measured-run.ts'
import { CheckFailed } from './measurement.ts'
import { median } from './median.ts'

export interface CheckpointCostRequest {
  /** What runs with and without checkpoints. */
  readonly workload: 'W2' | 'W2b'
  readonly parallelism: number
  readonly recordCount: number
  readonly intervalMs: number
  readonly rounds: number
  readonly config: ConfigurationEntries
  onRun(kind: 'without' | 'with', run: MeasuredRun): void
}

/** W8: a workload with checkpoints into a local directory, beside the same without. Medians; seconds as everywhere. */
export interface CheckpointCost {
  readonly workload: 'W8'
  readonly of: 'W2' | 'W2b'
  readonly parallelism: number
  readonly records: number
  readonly intervalMs: number
  readonly recordsPerSecond: number
  readonly seconds: number
  readonly secondsWithout: number
  /** How much longer the median run with checkpoints takes, in percent. */
  readonly costPercent: number
  /** Of each round: a run and the one beside it. */
  readonly costPercents: readonly number[]
  /** In the median run. */
  readonly checkpoints: number
  readonly otherBusyCores: number | undefined
}

/** Runs both in turn, in this process, so that what else the machine does falls on both. */
export async function measureCheckpointCost(request: CheckpointCostRequest): Promise<CheckpointCost> {
  const { workload, parallelism, recordCount, intervalMs, rounds, onRun } = request
  const expected = checkValues(workload, recordCount)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const checkpointing = {
    'execution.checkpointing.interval': `${intervalMs} ms`,
    'execution.checkpointing.dir': directory,
  }
  const runOnce = async (checks: boolean, config: ConfigurationEntries): Promise<MeasuredRun> => {
    const run = await measuredRun({
      workload,
      parallelism,
      input: String(recordCount),
      checks,
      config: { ...request.config, ...config },
    })
    assertRight(run, expected, checks)
    return run
  }
  try {
    await runOnce(true, checkpointing)
    await runOnce(false, {})
    const without: MeasuredRun[] = []
    const withCheckpoints: MeasuredRun[] = []
    for (let round = 0; round < rounds; round++) {
      // Who comes first alternates as well.
      for (const kind of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
        const run = await runOnce(false, kind === 'with' ? checkpointing : {})
        onRun(kind, run)
        ;(kind === 'with' ? withCheckpoints : without).push(run)
      }
    }
    const chosen = median(withCheckpoints, ({ seconds }) => seconds)
    const secondsWithout = median(without, ({ seconds }) => seconds).seconds
    return {
      workload: 'W8',
      of: workload,
      parallelism,
      records: recordCount,
      intervalMs,
      recordsPerSecond: Math.round(recordCount / chosen.seconds),
      seconds: chosen.seconds,
      secondsWithout,
      costPercent: percent(chosen.seconds, secondsWithout),
      costPercents: withCheckpoints.map(({ seconds }, round) => percent(seconds, without[round]!.seconds)),
      checkpoints: chosen.checkpoints,
      otherBusyCores: chosen.otherBusyCores,
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function percent(seconds: number, secondsWithout: number): number {
  return (seconds / secondsWithout - 1) * 100
}

function assertRight(run: MeasuredRun, expected: CheckValues, checks: boolean): void {
  const names = checks ? (['sinkRecords', 'checksum', 'keys'] as const) : (['sinkRecords'] as const)
  for (const name of names) {
    if (run[name] === expected[name]) continue
    throw new CheckFailed(`W8 came out wrong: ${name} is ${run[name]}, it must be ${expected[name]}`)
  }
}
