import { randomBytes } from 'node:crypto'
import { totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { PlannedJob } from '../api/plan-job.ts'
import { SystemClock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { ConfigurationOptions } from '../configuration/configuration-options.ts'
import { UserValues } from '../protocol/user-values.ts'
import type { JobBundle } from './job-bundle.ts'
import type { JobHandle } from './job-handle.ts'
import { JobManager } from './job-manager.ts'
import { jobReference, networkSettings } from './job-settings.ts'
import type { WriteText } from './text-writer.ts'
import { WorkerSlots } from './worker-slots.ts'

/** What a job is submitted with. */
export interface SubmitOptions {
  readonly bundle: JobBundle
  /** The job as the coordinator has built it, from that bundle, with the same args and parallelism. */
  readonly planned: PlannedJob
  readonly args: readonly string[]
  /** `-p`, if given. */
  readonly parallelism: number | undefined
  readonly standardOutput: WriteText
  readonly standardError: WriteText
  readonly logger: Logger
  /** Aborting it cancels the job, also while it starts. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts a job in worker threads. Resolves when its slots are deployed, or when it was canceled before.
 *
 * @throws ClusterError, with no thread started, if the job does not fit (slots, network memory) or a source cannot find
 *   its input.
 */
export async function submitJob(options: SubmitOptions): Promise<JobHandle> {
  const { planned, bundle, args, parallelism } = options
  const { configuration } = planned
  const manager = new JobManager({
    jobId: randomBytes(16).toString('hex'),
    plan: planned.plan,
    job: jobReference(planned, { bundleUrl: bundle.url, bundleSha256: bundle.sha256, args, parallelism }),
    values: new UserValues(planned.registeredTypes),
    slotsMax: configuration.get(ConfigurationOptions.TASK_SLOTS),
    network: networkSettings(configuration, totalmem()),
    transport: new WorkerSlots(fileURLToPath(new URL('../task/worker-main.js', import.meta.url))),
    clock: new SystemClock(),
    logger: options.logger,
    standardOutput: options.standardOutput,
    standardError: options.standardError,
  })
  if (options.signal !== undefined) cancelOnAbort(manager, options.signal)
  await manager.start()
  return manager
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
