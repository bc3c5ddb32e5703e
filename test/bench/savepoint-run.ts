import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ConfigurationEntries, type JobHandle, run } from '@millrace/runtime'
import { otherBusyCores, readLoad } from './machine-load.ts'
import { CheckFailed } from './measurement.ts'
import { nowUs } from './now.ts'

export interface SavepointRunRequest {
  readonly keyCount: number
  readonly parallelism: number
  readonly restoreParallelism: number
  readonly config: ConfigurationEntries
}

/** W7: what one savepoint, and one restore from it at another parallelism, came to. */
export interface SavepointRun {
  readonly savepointSeconds: number
  readonly savepointBytes: number
  readonly savepointFiles: number
  readonly loadSeconds: number
  /** From the submission, the bundling of the job included, until the last subtask with state was open. */
  readonly restoreSubmitToAllOpenSeconds: number
  /** The same until every key had been read and changed. */
  readonly restoreSubmitToAllKeysTouchedAgainSeconds: number
  readonly keysWithRestoredState: number
  readonly otherBusyCores: number | undefined
}

const jobFile = new URL('./jobs/w7.ts', import.meta.url)
const waitMs = 1
const waitSecondsMax = 300

/** Loads a job with one value for each key, takes a savepoint, and restores it. @throws CheckFailed if a key lost its value. */
export async function savepointRun(request: SavepointRunRequest): Promise<SavepointRun> {
  const { keyCount, parallelism, restoreParallelism, config } = request
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const args = [String(keyCount)]
  try {
    const startedUs = nowUs()
    const loadBefore = readLoad()
    const loading = await run(jobFile, { args, parallelism, config })
    await until(() => processed(loading) === keyCount)
    const loadSeconds = secondsSince(startedUs)
    await sleep(500)

    const savepointUs = nowUs()
    const path = await loading.triggerSavepoint(directory)
    const savepointSeconds = secondsSince(savepointUs)
    await loading.cancel()

    const restore = { from: { path }, allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' } as const
    const submittedUs = nowUs()
    const restored = await run(jobFile, { args, parallelism: restoreParallelism, config, restore })
    await until(() => counters(restored, 'openedUs').length === restoreParallelism)
    const openedUs = Math.max(...counters(restored, 'openedUs'))
    await until(() => processed(restored) === keyCount)
    const touchedSeconds = secondsSince(submittedUs)
    await sleep(20)
    const keysWithRestoredState = counters(restored, 'matched').reduce((sum, count) => sum + count, 0)
    await restored.cancel()
    if (keysWithRestoredState !== keyCount) {
      throw new CheckFailed(`W7 came out wrong: ${keysWithRestoredState} of ${keyCount} keys have their value`)
    }
    return {
      savepointSeconds,
      ...sizeOf(path),
      loadSeconds,
      restoreSubmitToAllOpenSeconds: (openedUs - submittedUs) / 1e6,
      restoreSubmitToAllKeysTouchedAgainSeconds: touchedSeconds,
      keysWithRestoredState,
      otherBusyCores: otherBusyCores(loadBefore, readLoad(), secondsSince(startedUs)),
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** How many records have reached the operator with state. */
function processed(job: JobHandle): number {
  return job.metrics().vertices.find(({ name }) => name.startsWith('Sum'))?.recordsIn ?? 0
}

function counters(job: JobHandle, name: string): readonly number[] {
  return job
    .metrics()
    .vertices.flatMap((vertex) => Object.entries(vertex.counters))
    .filter(([fullName, value]) => fullName.split('.').at(-1)?.split('-')[0] === name && value > 0)
    .map(([, value]) => value)
}

function sizeOf(directory: string): { readonly savepointBytes: number; readonly savepointFiles: number } {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  return { savepointBytes: bytes, savepointFiles: files.length }
}

async function until(isSo: () => boolean): Promise<void> {
  const startedUs = nowUs()
  while (!isSo()) {
    if (secondsSince(startedUs) > waitSecondsMax) throw new CheckFailed(`W7 did not get on in ${waitSecondsMax} s`)
    await sleep(waitMs)
  }
}

function secondsSince(us: number): number {
  return (nowUs() - us) / 1e6
}
