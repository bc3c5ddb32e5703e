import { dirname, join } from 'node:path'
import type { JobWarning } from '../api/job-warning.ts'
import { loadJobDefinition } from '../api/load-job-definition.ts'
import { planJob } from '../api/plan-job.ts'
import type { Logger } from '../base/logger.ts'
import { enableSourceMaps } from '../base/source-maps.ts'
import type { Configuration, ConfigurationEntries } from '../configuration/configuration.ts'
import { configurationFileName, loadConfigurationFile } from '../configuration/configuration-file.ts'
import { parseDynamicProperties } from '../configuration/dynamic-properties.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import { bundleJob } from './job-bundle.ts'
import type { JobHandle } from './job-handle.ts'
import type { RestoreSettings } from './restore-settings.ts'
import { submitJob } from './submit-job.ts'
import type { WriteText } from './text-writer.ts'

/** A job to run, by its file. */
export interface JobRequest {
  readonly jobFile: string | URL
  readonly args: readonly string[]
  /** Replaces `env.setParallelism` and `parallelism.default`. */
  readonly parallelism: number | undefined
  /** Of `-D`, each `key=value`. */
  readonly properties?: readonly string[]
  /** The same as an object: goes before what the job says in code, as `properties` do. */
  readonly entries?: ConfigurationEntries
}

/** Where the job's text and our own log go. */
export interface JobOutput {
  readonly logger: Logger
  readonly standardOutput: WriteText
  readonly standardError: WriteText
}

/** A job that was built and planned, and can be started. */
export interface PreparedJob {
  readonly jobGraph: JobGraph
  readonly warnings: readonly JobWarning[]
  readonly configuration: Configuration
  start(output: JobOutput, options?: StartOptions): Promise<JobHandle>
}

export interface StartOptions {
  /** Aborting it cancels the job, also while it starts. */
  readonly signal?: AbortSignal | undefined
  /** Where the job gets its state from; omit to start without. */
  readonly restore?: RestoreSettings | undefined
}

export type PrepareJob = (request: JobRequest) => Promise<PreparedJob>

/**
 * The way from a job's file to its graph: bundles it, reads `millrace.yaml` beside it, builds and plans it. The command line
 * and `run()` both go it. No thread is started.
 *
 * @throws JobFileError, ConfigurationError, JobError or whatever Millrace finds wrong with the job.
 */
export async function prepareJob(request: JobRequest): Promise<PreparedJob> {
  const { args, parallelism, properties = [], entries = {} } = request
  const bundle = await bundleJob(request.jobFile)
  const configuration = loadConfigurationFile(join(dirname(bundle.sourceFile), configurationFileName))
    .with(entries, 'command line', () => 'config')
    .with(parseDynamicProperties(properties), 'command line')
  // Before the import, or the stacks of what the job throws show places in the bundle.
  enableSourceMaps()
  const definition = await loadJobDefinition(bundle.url, bundle.sourceFile)
  const planned = planJob(definition, { args, configuration, parallelism })
  return {
    jobGraph: planned.plan.jobGraph,
    warnings: planned.warnings,
    configuration: planned.configuration,
    start: (output, options = {}) =>
      submitJob({
        bundle,
        definition,
        planned,
        args,
        parallelism,
        baseDirectory: dirname(bundle.sourceFile),
        ...options,
        ...output,
      }),
  }
}
