import type { JobDefinition } from './api/job-definition.ts'
import { isJobDefinition } from './api/job-definition.ts'
import { JobFileError } from './api/job-file-error.ts'
import type { Logger } from './base/logger.ts'
import type { JobHandle } from './cluster/job-handle.ts'
import type { RestoreSettings } from './cluster/restore-settings.ts'
import type { ConfigurationEntries } from './configuration/configuration.ts'

/** How {@link run} runs a job. */
export interface RunOptions {
  /** What the job's function gets as `args`. */
  readonly args?: readonly string[]
  /** Options by their keys, as with `-D`: they go before what the job and `millrace.yaml` say. */
  readonly config?: ConfigurationEntries
  /** As `-p`: replaces `env.setParallelism` and `parallelism.default`. */
  readonly parallelism?: number
  /** Where the job gets its state from, as with `-s` and `--resume`; omit to start without. */
  readonly restore?: RestoreSettings
  /** Aborting it cancels the job. */
  readonly signal?: AbortSignal
  /** Gets the log of the job, all levels. By default warnings and errors go to the program's stderr. */
  readonly logger?: Logger
}

/**
 * Runs a job in worker threads from within a program. What the job prints goes to the program's stdout, warnings go to its
 * stderr, or to `logger`.
 *
 * @param job - the file of the job, e.g. `new URL('./job.ts', import.meta.url)`. Every thread imports it, so a job that is
 *   defined inline, with closures over the program, cannot run here; `runInSimulation` of `@millrace/runtime/testing` can.
 * @returns when the job's threads are deployed; `result` of the handle tells how it ends. `await using` cancels it.
 * @throws JobFileError, ConfigurationError or JobError before any thread starts; ClusterError if the job does not fit.
 * @example
 * await using job = await run(new URL('./squares.ts', import.meta.url), { args: ['3'], parallelism: 2 })
 * const { status } = await job.result
 * status // -> 'FINISHED'
 * job.collected<number>('squares').toSorted() // -> [1, 4, 9]
 */
export async function run(job: string | URL, options: RunOptions = {}): Promise<JobHandle> {
  refuseInlineJob(job)
  const { args = [], config = {}, parallelism, restore, signal, logger } = options
  signal?.throwIfAborted()
  // A job's module imports this file in every worker thread; what only the coordinator needs is loaded here.
  const { prepareJob } = await import('./cluster/prepare-job.ts')
  const { processOutput } = await import('./cli/process-output.ts')
  const prepared = await prepareJob({ jobFile: job, args, parallelism, entries: config })
  const output = logger === undefined ? processOutput() : { ...processOutput(), logger }
  for (const { code, message } of prepared.warnings) {
    // What a later version of the job will need is for its author, whom `millrace run` tells; not for every run of a program.
    if (code !== 'STATEFUL_WITHOUT_UID') output.logger.warn(message)
  }
  signal?.throwIfAborted()
  return prepared.start(output, { signal, restore })
}

function refuseInlineJob(job: string | URL | JobDefinition): void {
  if (!isJobDefinition(job)) return
  throw new JobFileError(
    'INLINE_JOB',
    `Cannot run the job "${job.name}" in worker threads: it was defined inline, and a closure cannot cross threads. Put it into ` +
      'a file of its own and call run(new URL("./job.ts", import.meta.url)), or run it by runInSimulation of @millrace/runtime/testing',
    { name: job.name },
  )
}
