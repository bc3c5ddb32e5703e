import { MillraceError } from '../base/error.ts'
import { ClusterError } from '../cluster/cluster-error.ts'
import type { PrepareJob } from '../cluster/prepare-job.ts'
import { SnapshotError } from '../snapshot/snapshot-error.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import { cancelCommand } from './cancel-command.ts'
import { checkpointCommand } from './checkpoint-command.ts'
import { CommandError } from './command-error.ts'
import { type CommandLine, parseCommandLine } from './command-line.ts'
import type { CommandLineIo } from './command-line-io.ts'
import { disposeCommand } from './dispose-command.ts'
import { errorFacts, errorHint, errorReport } from './error-report.ts'
import { exitStatus } from './exit-status.ts'
import { graphCommand } from './graph-command.ts'
import { inspectCommand } from './inspect-command.ts'
import type { JobRegistry } from './job-registry.ts'
import { listCommand } from './list-command.ts'
import { rescaleCommand } from './rescale-command.ts'
import { runCommand } from './run-command.ts'
import { savepointCommand } from './savepoint-command.ts'
import { stopCommand } from './stop-command.ts'
import { writeText } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** What the command line is joined with. */
export interface MainParts {
  readonly io: CommandLineIo
  /** Of the package. */
  readonly version: string
  readonly prepareJob: PrepareJob
  readonly registry: JobRegistry
  readonly storage: SnapshotStorage
}

/**
 * The program `millrace`. Everything that can go wrong before a job runs ends here, as two lines on stderr.
 *
 * @param argv - the arguments after the program's name.
 * @returns the exit status.
 */
export async function main(argv: readonly string[], parts: MainParts): Promise<number> {
  const { io, version, prepareJob } = parts
  let request: CommandLine | undefined
  try {
    request = parseCommandLine(argv, version)
    return await perform(request)
  } catch (error) {
    const verbose = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--verbose')
    const isJson = request !== undefined && 'json' in request && request.json
    const report = isJson ? [errorJson(error)] : errorReport(error, verbose)
    await writeText(io.stderr, `${report.join('\n')}\n`)
    return statusOf(error, request)
  }

  async function perform(request: CommandLine): Promise<number> {
    switch (request.command) {
      case 'show':
        await writeText(io.stdout, request.text)
        return exitStatus.success
      case 'run':
        return runCommand(request, argv, parts)
      case 'graph':
        return graphCommand(request, io, prepareJob)
      case 'savepoint':
        return savepointCommand(request, parts)
      case 'dispose':
        return disposeCommand(request, parts)
      case 'inspect':
        return inspectCommand(request, parts)
      case 'checkpoint':
        return checkpointCommand(request, parts)
      case 'stop':
        return stopCommand(request, parts)
      case 'cancel':
        return cancelCommand(request, parts)
      case 'list':
        return listCommand(request, parts)
      case 'rescale':
        return rescaleCommand(request, parts)
    }
  }
}

/** A job that cannot be started is wrong input; what a snapshot, another run or a running job refuses is a failure. */
function statusOf(error: unknown, request: CommandLine | undefined): number {
  if (error instanceof UsageError || request === undefined) return exitStatus.usage
  switch (request.command) {
    case 'show':
    case 'graph':
      return exitStatus.usage
    case 'run': {
      const isRefused =
        error instanceof SnapshotError ||
        error instanceof CommandError ||
        (error instanceof ClusterError && (error.code === 'JOB_ALREADY_RUNS' || error.code === 'LOCK_FAILED'))
      return isRefused ? exitStatus.jobFailed : exitStatus.usage
    }
    default: {
      const isUnsaid = error instanceof MillraceError && error.code === 'NO_SAVEPOINT_DIRECTORY'
      return isUnsaid ? exitStatus.usage : exitStatus.jobFailed
    }
  }
}

/** One line, for programs. */
function errorJson(error: unknown): string {
  return JSON.stringify({ type: 'error', ...errorFacts(error), hint: errorHint(error) })
}
