import type { PrepareJob } from '../cluster/prepare-job.ts'
import { type CommandLine, parseCommandLine } from './command-line.ts'
import type { CommandLineIo } from './command-line-io.ts'
import { errorReport } from './error-report.ts'
import { exitStatus } from './exit-status.ts'
import { graphCommand } from './graph-command.ts'
import { runCommand } from './run-command.ts'
import { writeText } from './terminal.ts'

/** What the command line is joined with. */
export interface MainParts {
  readonly io: CommandLineIo
  /** Of the package. */
  readonly version: string
  readonly prepareJob: PrepareJob
}

/**
 * The program `millrace`. Everything that can go wrong before a job runs ends here, as two lines on stderr.
 *
 * @param argv - the arguments after the program's name.
 * @returns the exit status.
 */
export async function main(argv: readonly string[], { io, version, prepareJob }: MainParts): Promise<number> {
  try {
    const request = parseCommandLine(argv, version)
    return await perform(request)
  } catch (error) {
    const verbose = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--verbose')
    await writeText(io.stderr, `${errorReport(error, verbose).join('\n')}\n`)
    return exitStatus.usage
  }

  async function perform(request: CommandLine): Promise<number> {
    switch (request.command) {
      case 'show':
        await writeText(io.stdout, request.text)
        return exitStatus.success
      case 'run':
        return runCommand(request, io, prepareJob)
      case 'graph':
        return graphCommand(request, io, prepareJob)
    }
  }
}
