import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { RestoreSettings } from '../cluster/restore-settings.ts'
import { ConnectorOptions } from '../configuration/connector-options.ts'
import { inOurSpelling } from './flink-options.ts'
import { addJobCommands, type JobCommand } from './job-command-line.ts'
import { type RestoreOptions, restoreSettings } from './restore-options.ts'
import { UsageError } from './usage-error.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFormat = 'text' | 'json'

/** What every command that takes a job is told. */
interface JobRequest {
  readonly jobFile: string
  /** After `--`. */
  readonly jobArguments: readonly string[]
  /** `-p`. */
  readonly parallelism: number | undefined
  /** Each as written after `-D`. */
  readonly properties: readonly string[]
  readonly verbose: boolean
}

export interface RunRequest extends JobRequest {
  readonly command: 'run'
  readonly json: boolean
  readonly logLevel: LogLevel | undefined
  readonly logFormat: LogFormat
  /** What it starts from; undefined: nothing. */
  readonly restore: RestoreSettings | undefined
  /** `-d`. */
  readonly isDetached: boolean
}

export interface GraphRequest extends JobRequest {
  readonly command: 'graph'
  readonly format: 'text' | 'json' | 'mermaid'
}

/** What the command line asks for. */
export type CommandLine = RunRequest | GraphRequest | JobCommand | { readonly command: 'show'; readonly text: string }

const parallelismMax = 32_768
const jobFileCommands = ['run', 'graph']
const commands = [...jobFileCommands, 'savepoint', 'checkpoint', 'stop', 'cancel', 'list', 'rescale']

const runExamples = `
Examples:
  $ millrace run src/word-count.ts
  $ millrace run src/word-count.ts -p 4 -D execution.buffer-timeout.interval=10ms
  $ millrace run src/word-count.ts --json 2> summary.json
  $ millrace run src/word-count.ts -- --input book.txt
  $ millrace run -s ./savepoints/savepoint-7f3a21-0c4d9e5b8a17 -p 16 src/word-count.ts
  $ millrace run -d src/word-count.ts

Streams:
  stdout carries what the job prints and nothing else. The live view, logs and the closing summary go to stderr.
  With --json, stderr carries JSON lines; the last one is the summary.

Exit status:
  0 the job finished     1 the job failed       2 wrong usage or input, before the job started
  130 canceled by Ctrl-C (twice: at once)       143 canceled by SIGTERM

SIGTERM ends the job with a savepoint where execution.checkpointing.savepoint-dir is set, and with 0.

Settings come from millrace.yaml beside the job, from the job itself, and from -D, which wins.`

const graphExamples = `
Examples:
  $ millrace graph src/word-count.ts
  $ millrace graph src/word-count.ts -p 4 --json | jq .vertices
  $ millrace graph src/word-count.ts --mermaid > graph.mmd`

const mainExamples = `
Examples:
  $ millrace run src/word-count.ts -p 4
  $ millrace graph src/word-count.ts --mermaid
  $ millrace list
  $ millrace rescale 7f3a -p 16
  $ millrace help run`

/**
 * Understands the arguments of `millrace`, those after the program's name.
 *
 * @throws UsageError
 */
export function parseCommandLine(words: readonly string[], version: string): CommandLine {
  const argv = inOurSpelling(words)
  const separator = argv.indexOf('--')
  const before = separator === -1 ? argv : argv.slice(0, separator)
  // Who says nothing wants to know what there is.
  const own = before.length === 0 ? ['--help'] : before
  const jobArguments = separator === -1 ? [] : argv.slice(separator + 1)

  let result: CommandLine | undefined
  const shown: string[] = []
  const program = new Command('millrace')
    .description('Runs stream processing jobs written in TypeScript, in the words of Apache Flink.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', mainExamples)
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
  configure(program, shown)

  const run = jobCommand(program, 'run', 'run a job until its input ends, it fails, or it is stopped', runExamples)
    .option('--json', 'write logs and the closing summary to stderr as JSON lines')
    .addOption(logLevelOption())
    .addOption(new Option('--log-format <format>', 'how logs are written').choices(['text', 'json']).default('text'))
    .option('-d, --detached', 'run in the background; its output goes to a file')
    .option('-s, --from-savepoint <path>', 'start from a savepoint or checkpoint')
    .option('--resume', 'go on from the newest checkpoint of this job below execution.checkpointing.dir')
    .option('-n, --allow-non-restored-state', 'leave out state of operators that the job does not have any more')
    .addOption(claimModeOption())
    .addOption(dropStateOption())
    .addOption(onLostTransactionOption())
  run.action((jobFile: string) => {
    const options = run.opts<RunOptions>()
    result = {
      command: 'run',
      ...jobRequest(jobFile, jobArguments, {
        ...options,
        define: [...options.define, ...lostTransactionProperty(options)],
      }),
      json: options.json === true,
      logLevel: options.logLevel,
      logFormat: options.json === true ? 'json' : options.logFormat,
      restore: restoreSettings(options),
      isDetached: options.detached === true,
    }
  })

  const graph = jobCommand(program, 'graph', 'show the job graph of a job without running it', graphExamples)
    .addOption(new Option('--json', 'as JSON').conflicts('mermaid'))
    .option('--mermaid', 'as a Mermaid diagram')
  graph.action((jobFile: string) => {
    const options = graph.opts<GraphOptions>()
    const format = options.json === true ? 'json' : options.mermaid === true ? 'mermaid' : 'text'
    result = { command: 'graph', ...jobRequest(jobFile, jobArguments, options), format }
  })

  addJobCommands(
    program,
    (request) => {
      result = request
    },
    parallelismOption,
  )

  try {
    program.parse(own, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version end by such an "error", too.
    if (error.exitCode !== 0) throw usageError(error, own)
  }
  return result ?? { command: 'show', text: shown.join('') }
}

interface JobOptions {
  readonly parallelism?: number
  readonly define: readonly string[]
  readonly verbose?: boolean
}

interface RunOptions extends JobOptions, RestoreOptions {
  readonly onLostTransaction?: 'fail' | 'skip'
  readonly detached?: boolean
  readonly json?: boolean
  readonly logLevel?: LogLevel
  readonly logFormat: LogFormat
}

interface GraphOptions extends JobOptions {
  readonly json?: boolean
  readonly mermaid?: boolean
}

function jobCommand(program: Command, name: string, description: string, examples: string): Command {
  const command = program
    .command(name)
    .description(description)
    .usage('<job> [options] [-- job arguments]')
    .argument('<job>', 'the file of the job, .ts or .js')
    .addOption(
      parallelismOption('the parallelism of all operators that set none of their own; replaces env.setParallelism'),
    )
    .addOption(
      new Option('-D, --define <key=value>', 'set an option; may be repeated')
        .argParser((property: string, before: readonly string[]) => [...before, property])
        .default([], 'none'),
    )
    .option('--verbose', 'show the causes of an error with their stacks')
    .addHelpText('after', examples)
    .allowExcessArguments(false)
  return command
}

function parallelismOption(description: string): Option {
  return new Option('-p, --parallelism <number>', description).argParser(parseParallelism)
}

function claimModeOption(): Option {
  return new Option(
    '--claim-mode <mode>',
    'claim: the job owns the snapshot from now on (default: "no_claim")',
  ).argParser((text: string) => {
    const mode = text.toUpperCase()
    if (mode === 'CLAIM' || mode === 'NO_CLAIM') return mode
    throw new InvalidArgumentError('Allowed choices are claim, no_claim.')
  })
}

function dropStateOption(): Option {
  return new Option('--drop-state <uid>', 'leave out the state of this operator; may be repeated')
    .argParser((uid: string, before: readonly string[]) => [...before, uid])
    .default([], 'none')
}

/** Short for `-D`, as people need it when a job has just refused to start. */
function onLostTransactionOption(): Option {
  return new Option(
    '--on-lost-transaction <what>',
    'for output that was to be committed and timed out: fail, or skip, which loses it',
  ).choices(['fail', 'skip'])
}

function lostTransactionProperty({ onLostTransaction }: RunOptions): readonly string[] {
  return onLostTransaction === undefined ? [] : [`${ConnectorOptions.ON_LOST_TRANSACTION.key}=${onLostTransaction}`]
}

function logLevelOption(): Option {
  return new Option(
    '--log-level <level>',
    'the least level to log; also by MILLRACE_LOG_LEVEL (default: "info")',
  ).choices(['debug', 'info', 'warn', 'error'])
}

function jobRequest(jobFile: string, jobArguments: readonly string[], options: JobOptions): JobRequest {
  const { parallelism, define, verbose } = options
  return { jobFile, jobArguments, parallelism, properties: define, verbose: verbose === true }
}

/** Commands copy these settings from their program when they are made, so it comes first. */
function configure(program: Command, shown: string[]): void {
  program.exitOverride().configureOutput({
    writeOut: (text) => shown.push(text),
    // Errors are told by what is thrown.
    writeErr: () => {},
  })
}

function parseParallelism(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (value < 1 || value > parallelismMax) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${parallelismMax}.`)
  }
  return value
}

/** Commander's messages are `error: what\n(Did you mean x?)`. */
function usageError(error: CommanderError, argv: readonly string[]): UsageError {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const command = argv.find((word) => commands.includes(word))
  const help = command === undefined ? 'millrace --help shows what there is' : `millrace help ${command} shows how`
  return new UsageError(
    message,
    suggestion?.replace(/^\((.*)\)$/, '$1') ?? specificHint(error.code, argv, command) ?? help,
  )
}

function specificHint(code: string, argv: readonly string[], command: string | undefined): string | undefined {
  if (code === 'commander.unknownOption' || code === 'commander.excessArguments') {
    return command === undefined || !jobFileCommands.includes(command)
      ? undefined
      : `arguments of the job itself go after --: millrace ${command} job.ts -- --input a.txt`
  }
  if (code === 'commander.missingArgument') {
    if (argv.includes('inspect')) return 'name the savepoint by its directory: millrace savepoint inspect PATH'
    return jobFileCommands.includes(command ?? '')
      ? `name the file of the job: millrace ${command} job.ts`
      : `name the job by its id: millrace ${command} 7f3a`
  }
  const [word] = argv
  if (code === 'commander.unknownCommand' && word !== undefined && /\.[cm]?[jt]sx?$/.test(word)) {
    return `to run a job: millrace run ${word}`
  }
  return undefined
}
