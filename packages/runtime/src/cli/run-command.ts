import type { JobHandle, JobResult } from '../cluster/job-handle.ts'
import type { PrepareJob } from '../cluster/prepare-job.ts'
import type { RestoreSettings } from '../cluster/restore-settings.ts'
import { isClosedPipe } from '../cluster/text-writer.ts'
import { ConfigurationOptions } from '../configuration/configuration-options.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import { CancelOnSignals } from './cancel-on-signals.ts'
import type { LogLevel, RunRequest } from './command-line.ts'
import type { CommandLineIo } from './command-line-io.ts'
import { errorFacts, errorReport } from './error-report.ts'
import { exitStatus } from './exit-status.ts'
import type { JobRegistry } from './job-registry.ts'
import { localPath } from './local-path.ts'
import { colored, plain } from './palette.ts'
import { PinoLogger } from './pino-logger.ts'
import { logProgress, showLiveView } from './progress.ts'
import { PublishedJob } from './published-job.ts'
import { runDetached } from './run-detached.ts'
import { Screen } from './screen.ts'
import { type JobSummary, summaryJson, summaryLines } from './summary.ts'
import { terminalTraits } from './terminal.ts'
import { UsageError } from './usage-error.ts'

const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

export interface RunParts {
  readonly io: CommandLineIo
  readonly prepareJob: PrepareJob
  readonly registry: JobRegistry
  readonly storage: SnapshotStorage
}

/**
 * Runs a job to its end, or, with `-d`, until it runs in the background. Answers the exit status; throws what keeps the job
 * from starting.
 *
 * @param argv - all arguments of this command.
 */
export async function runCommand(request: RunRequest, argv: readonly string[], parts: RunParts): Promise<number> {
  const { io, prepareJob, registry, storage } = parts
  if (request.isDetached && io.detached === undefined) return await runDetached(request, argv, parts)
  const { stdout, stderr, clock, env } = io
  const traits = terminalTraits(stderr, env)
  const isLive = traits.isLive && request.logFormat === 'text'
  const palette = traits.hasColors && request.logFormat === 'text' ? colored : plain
  const screen = new Screen({ stdout, stderr, isLive, clock })
  const say = (text: string): Promise<void> => screen.writeError(`${text}\n`).catch(() => {})
  const logger = new PinoLogger({
    level: request.logLevel ?? logLevelOf(env.MILLRACE_LOG_LEVEL) ?? (isLive ? 'warn' : 'info'),
    format: request.logFormat,
    clock,
    palette,
    shortTime: traits.isLive,
    write: (text) => void screen.writeError(text).catch(() => {}),
  })
  const signals = new CancelOnSignals(io, (text) => (request.json ? logger.warn(text) : void say(text)))
  let stopProgress = (): void => {}
  let published: PublishedJob | undefined
  try {
    const prepared = await prepareJob({
      jobFile: request.jobFile,
      args: request.jobArguments,
      parallelism: request.parallelism,
      properties: request.properties,
    })
    for (const { message } of prepared.warnings) logger.warn(message)
    const output = {
      logger,
      standardOutput: (text: string) =>
        screen.writeOut(text).catch((error: unknown) => {
          if (!isClosedPipe(error)) throw error
          signals.outputClosed()
        }),
      standardError: (text: string) => screen.writeError(text).catch(() => {}),
    }
    const handle = await prepared.start(output, { restore: absolute(request.restore) })
    const { configuration } = prepared
    signals.watch(handle, configuration.get(ConfigurationOptions.SAVEPOINT_DIRECTORY) !== undefined)
    published = await PublishedJob.publish(handle, {
      registry,
      storage,
      clock,
      logger,
      port: configuration.get(ConfigurationOptions.REST_PORT),
      log: io.detached?.log,
    })
    await say(
      request.json
        ? JSON.stringify({ type: 'submitted', jobId: handle.id, jobName: handle.name })
        : `Job has been submitted with JobID ${handle.id}`,
    )
    io.detached?.announce(handle.id)
    stopProgress = isLive
      ? showLiveView({
          handle,
          screen,
          clock,
          palette,
          // Some terminals do not know their size, and say 0.
          size: () => ({ width: stderr.columns || 80, height: stderr.rows || 24 }),
        })
      : logProgress({ handle, logger, clock })

    const outcome = await outcomeOf(handle)
    stopProgress()
    screen.end()
    const summary = summaryOf(handle, outcome)
    // The error of a job goes after its table: the last line is what people look at.
    if (request.json) await say(summaryJson(summary))
    else {
      await say(summaryLines(summary, palette).join('\n'))
      if (outcome.kind === 'failed') await say(errorReport(outcome.error, request.verbose).join('\n'))
    }
    if (outcome.kind === 'failed') return exitStatus.jobFailed
    if (outcome.result.status === 'FINISHED') return exitStatus.success
    return signals.canceledBy === undefined ? exitStatus.jobFailed : exitStatus.bySignal[signals.canceledBy]
  } finally {
    stopProgress()
    screen.end()
    await published?.end()
    signals.jobEnded()
  }
}

/** What was written on the command line starts at its directory. */
function absolute(restore: RestoreSettings | undefined): RestoreSettings | undefined {
  if (restore === undefined || restore.from === 'resume') return restore
  return { ...restore, from: { path: localPath(restore.from.path) } }
}

type Outcome =
  | { readonly kind: 'ended'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly error: unknown }

async function outcomeOf(handle: JobHandle): Promise<Outcome> {
  try {
    return { kind: 'ended', result: await handle.result }
  } catch (error) {
    return { kind: 'failed', error }
  }
}

function summaryOf(handle: JobHandle, outcome: Outcome): JobSummary {
  const job = { jobName: handle.name, jobId: handle.id, restarts: handle.restarts }
  if (outcome.kind === 'ended') return { ...job, ...outcome.result }
  const metrics = handle.metrics()
  const error = errorFacts(outcome.error)
  return { ...job, status: 'FAILED', durationMs: metrics.elapsedMs, metrics, error }
}

function logLevelOf(text: string | undefined): LogLevel | undefined {
  if (text === undefined || text === '') return undefined
  const level = logLevels.find((each) => each === text.toLowerCase())
  if (level !== undefined) return level
  throw new UsageError(`MILLRACE_LOG_LEVEL is "${text}"`, `set it to one of ${logLevels.join(', ')}`)
}
