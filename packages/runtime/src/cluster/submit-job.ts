import { randomBytes } from 'node:crypto'
import { totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { JobDefinition } from '../api/job-definition.ts'
import type { PlannedJob } from '../api/plan-job.ts'
import { SystemClock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { SeededRandom } from '../base/random.ts'
import { ConfigurationOptions } from '../configuration/configuration-options.ts'
import { UserValues } from '../protocol/user-values.ts'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import { AttemptPlans } from './attempt-plans.ts'
import { checkpointSettings } from './checkpoint-settings.ts'
import { createRestartStrategy } from './create-restart-strategy.ts'
import { findRestore } from './find-restore.ts'
import type { JobBundle } from './job-bundle.ts'
import type { JobHandle } from './job-handle.ts'
import { JobLock } from './job-lock.ts'
import { JobManager } from './job-manager.ts'
import { networkSettings } from './job-settings.ts'
import { LocalLockFiles } from './local-lock-files.ts'
import type { RestoreSettings } from './restore-settings.ts'
import { SystemProcessTable } from './system-process-table.ts'
import type { WriteText } from './text-writer.ts'
import { WorkerSlots } from './worker-slots.ts'

/** What a job is submitted with. */
export interface SubmitOptions {
  readonly bundle: JobBundle
  readonly definition: JobDefinition
  /** The job as the coordinator has built it, from that bundle, with the same args and parallelism. */
  readonly planned: PlannedJob
  readonly args: readonly string[]
  /** `-p`, if given. */
  readonly parallelism: number | undefined
  /** Relative directories of the configuration start here. */
  readonly baseDirectory: string
  readonly standardOutput: WriteText
  readonly standardError: WriteText
  readonly logger: Logger
  /** Where the job gets its state from; omit to start without. */
  readonly restore?: RestoreSettings | undefined
  /** Aborting it cancels the job, also while it starts. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts a job in worker threads. Resolves when its slots are deployed, or when it was canceled before.
 *
 * @throws ClusterError, with no thread started, if the job does not fit (slots, network memory), if it runs already, or if a
 *   source cannot find its input; SnapshotError if it cannot be started from that state.
 */
export async function submitJob(options: SubmitOptions): Promise<JobHandle> {
  const { bundle, logger } = options
  const { configuration } = options.planned
  const clock = new SystemClock()
  const storage = new LocalDirectoryStorage()
  const checkpoints = checkpointSettings(configuration, options.baseDirectory)
  const jobId = randomBytes(16).toString('hex')
  const { jobName } = options.planned.plan.jobGraph
  const lock =
    checkpoints.directory === undefined
      ? undefined
      : await JobLock.acquire({
          directory: checkpoints.directory,
          jobName,
          jobId,
          files: new LocalLockFiles(),
          processes: new SystemProcessTable(),
          clock,
          logger,
        })
  try {
    const restore =
      options.restore &&
      (await findRestore(options.restore, { storage, jobName, directory: checkpoints.directory, logger }))
    const plans = new AttemptPlans({ ...options, bundleUrl: bundle.url, bundleSha256: bundle.sha256 }, restore)
    const manager = new JobManager({
      ...plans.first,
      jobId,
      values: new UserValues(options.planned.registeredTypes),
      slotsMax: configuration.get(ConfigurationOptions.TASK_SLOTS),
      network: networkSettings(configuration, totalmem()),
      transport: new WorkerSlots(fileURLToPath(new URL('../task/worker-main.js', import.meta.url))),
      clock,
      logger,
      standardOutput: options.standardOutput,
      standardError: options.standardError,
      checkpoints,
      storage,
      restartStrategy: createRestartStrategy(configuration, {
        checkpointingEnabled: checkpoints.intervalMs !== undefined,
        random: new SeededRandom(randomBytes(4).readInt32LE()),
      }),
      hexDigits: (count) => randomBytes(count).toString('hex').slice(0, count),
      restore,
      replan: (parallelism) => plans.at(parallelism),
    })
    if (lock !== undefined) releaseAtEnd(manager, lock, logger)
    if (options.signal !== undefined) cancelOnAbort(manager, options.signal)
    await manager.start()
    return manager
  } catch (error) {
    await lock?.release()
    throw error
  }
}

function releaseAtEnd(manager: JobManager, lock: JobLock, logger: Logger): void {
  const release = () => {
    lock.release().catch((error: unknown) => {
      logger.warn('the lock of the job could not be removed', { path: lock.path, error: String(error) })
    })
  }
  manager.result.then(release, release)
}

function cancelOnAbort(manager: JobManager, signal: AbortSignal): void {
  // How the job ends is told by its result.
  const cancel = (): void => void manager.cancel()
  if (signal.aborted) {
    cancel()
    return
  }
  signal.addEventListener('abort', cancel, { once: true })
  const forget = (): void => signal.removeEventListener('abort', cancel)
  manager.result.then(forget, forget)
}
