import { type Command, InvalidArgumentError, Option } from 'commander'
import { UsageError } from './usage-error.ts'

/** What every command that speaks to a running job is told. */
export interface TargetRequest {
  /** `-m`; undefined: the job is looked up among those that are registered. */
  readonly jobManager: { readonly host: string; readonly port: number } | undefined
  readonly token: string | undefined
  readonly json: boolean
}

export interface SavepointRequest extends TargetRequest {
  readonly command: 'savepoint'
  readonly job: string
  readonly directory: string | undefined
}

export interface DisposeRequest extends TargetRequest {
  readonly command: 'dispose'
  readonly path: string
}

export interface InspectRequest {
  readonly command: 'inspect'
  readonly path: string
  readonly exportFile: string | undefined
  readonly json: boolean
}

export interface CheckpointRequest extends TargetRequest {
  readonly command: 'checkpoint'
  readonly job: string
}

export interface StopRequest extends TargetRequest {
  readonly command: 'stop'
  readonly job: string
  readonly directory: string | undefined
  readonly drain: boolean
}

export interface CancelRequest extends TargetRequest {
  readonly command: 'cancel'
  readonly job: string
  readonly savepoint: { readonly directory: string | undefined } | undefined
}

export interface ListRequest extends TargetRequest {
  readonly command: 'list'
  readonly shows: { readonly running: boolean; readonly scheduled: boolean; readonly terminated: boolean }
}

export interface RescaleRequest extends TargetRequest {
  readonly command: 'rescale'
  readonly job: string
  readonly parallelism: number
}

/** The commands for jobs that run already, and for what they have left. */
export type JobCommand =
  | SavepointRequest
  | DisposeRequest
  | InspectRequest
  | CheckpointRequest
  | StopRequest
  | CancelRequest
  | ListRequest
  | RescaleRequest

interface TargetOptions {
  readonly jobmanager?: { readonly host: string; readonly port: number }
  readonly token?: string
  readonly json?: boolean
}

const jobArgument = ['<job>', 'the id of the job, or its first digits'] as const

/** Adds the commands to `program`; whichever is given ends in `take`. */
export function addJobCommands(
  program: Command,
  take: (request: JobCommand) => void,
  parallelismOption: (description: string) => Option,
): void {
  const list = targetCommand(program, 'list', 'list running and scheduled jobs', ['list', 'list -a --json'])
    .option('-r, --running', 'only running and restarting jobs')
    .option('-s, --scheduled', 'only jobs that are about to run')
    .option('-a, --all', 'those that have ended, too')
  list.action(() => {
    const options = list.opts<TargetOptions & { running?: true; scheduled?: true; all?: true }>()
    const all = options.all === true
    const either = options.running === true || options.scheduled === true
    take({
      command: 'list',
      ...target(options),
      shows: {
        running: all || !either || options.running === true,
        scheduled: all || !either || options.scheduled === true,
        terminated: all,
      },
    })
  })

  const savepoint = targetCommand(program, 'savepoint', 'take a savepoint of a job, or remove or inspect one', [
    'savepoint 7f3a ./savepoints',
    'savepoint -d ./savepoints/savepoint-7f3a21-0c4d9e5b8a17',
    'savepoint inspect ./savepoints/savepoint-7f3a21-0c4d9e5b8a17 --export state.jsonl',
  ])
    .usage('<job> [directory] [options]')
    .argument('[job]', jobArgument[1])
    .argument('[directory]', 'where to make it; default: execution.checkpointing.savepoint-dir')
    .option('-d, --dispose <path>', 'remove a savepoint')
    .addOption(formatOption())
  savepoint.action((job: string | undefined, directory: string | undefined) => {
    const options = savepoint.opts<TargetOptions & { dispose?: string }>()
    if (options.dispose !== undefined) {
      if (job !== undefined)
        throw new UsageError('-d and a job exclude each other', 'millrace help savepoint shows how')
      take({ command: 'dispose', ...target(options), path: options.dispose })
      return
    }
    if (job === undefined) throw missingJob('savepoint')
    take({ command: 'savepoint', ...target(options), job, directory })
  })
  const inspect = savepoint
    .command('inspect')
    .description('show what is in a savepoint or checkpoint: operators, states, types, keys, bytes')
    .argument('<path>', 'its directory, or the file _metadata in it')
    .option('--export <file>', 'write keys and values there, as JSON lines')
    .option('--json', 'as JSON')
    .option('--verbose', 'show the causes of an error with their stacks')
    .addHelpText('after', examplesText(['savepoint inspect ./savepoints/savepoint-7f3a21-0c4d9e5b8a17']))
    .allowExcessArguments(false)
  inspect.action((path: string) => {
    // --json is an option of savepoint, too, which takes it wherever it stands.
    const options = inspect.optsWithGlobals<{ export?: string; json?: boolean }>()
    take({ command: 'inspect', path, exportFile: options.export, json: options.json === true })
  })

  const checkpoint = targetCommand(program, 'checkpoint', 'take a checkpoint of a job now', ['checkpoint 7f3a'])
    .argument(...jobArgument)
    .option('--full', 'a full one; all are')
  checkpoint.action((job: string) => {
    take({ command: 'checkpoint', ...target(checkpoint.opts()), job })
  })

  const stop = targetCommand(program, 'stop', 'end a job with a savepoint', [
    'stop 7f3a -p ./savepoints',
    'stop --drain 7f3a',
  ])
    .argument(...jobArgument)
    .option('-p, --savepoint-path <directory>', 'where to make it; default: execution.checkpointing.savepoint-dir')
    .option('-d, --drain', 'operators first emit what they hold back; the job is not meant to go on')
    .addOption(formatOption())
  stop.action((job: string) => {
    const options = stop.opts<TargetOptions & { savepointPath?: string; drain?: boolean }>()
    const { savepointPath: directory, drain } = options
    take({ command: 'stop', ...target(options), job, directory, drain: drain === true })
  })

  const cancel = targetCommand(program, 'cancel', 'end a job', ['cancel 7f3a', 'cancel -s ./savepoints 7f3a'])
    .usage('<job> [options]')
    .argument('[job]', jobArgument[1])
    .option('-s, --with-savepoint [directory]', 'take a savepoint before; stop does it better')
  cancel.action((job: string | undefined) => {
    const options = cancel.opts<TargetOptions & { withSavepoint?: string | true }>()
    const { withSavepoint } = options
    // `-s <job>`: the one word left is the job, as with Flink.
    const word = typeof withSavepoint === 'string' ? withSavepoint : undefined
    const directory = job === undefined ? undefined : word
    const meant = job ?? word
    if (meant === undefined) throw missingJob('cancel')
    const isWithSavepoint = withSavepoint !== undefined
    take({ command: 'cancel', ...target(options), job: meant, savepoint: isWithSavepoint ? { directory } : undefined })
  })

  const rescale = targetCommand(program, 'rescale', 'restart a job from a snapshot at another parallelism', [
    'rescale 7f3a -p 16',
  ])
    .argument(...jobArgument)
    .addOption(parallelismOption('the parallelism of all operators that set none of their own').makeOptionMandatory())
  rescale.action((job: string) => {
    const options = rescale.opts<TargetOptions & { parallelism: number }>()
    take({ command: 'rescale', ...target(options), job, parallelism: options.parallelism })
  })
}

function targetCommand(program: Command, name: string, description: string, examples: readonly string[]): Command {
  return program
    .command(name)
    .description(description)
    .addOption(
      new Option('-m, --jobmanager <host:port>', 'the job process to speak to, whatever is registered').argParser(
        parseAddress,
      ),
    )
    .option('--token <token>', 'the token of the job, with -m; also by MILLRACE_TOKEN')
    .option('--json', 'print the result as JSON')
    .option('--verbose', 'show the causes of an error with their stacks')
    .addHelpText('after', examplesText(examples))
    .allowExcessArguments(false)
}

function examplesText(examples: readonly string[]): string {
  return ['\nExamples:', ...examples.map((line) => `  $ millrace ${line}`)].join('\n')
}

function formatOption(): Option {
  return new Option('--type <format>', 'the format of the savepoint').choices(['canonical']).default('canonical')
}

function target({ jobmanager, token, json }: TargetOptions): TargetRequest {
  return { jobManager: jobmanager, token, json: json === true }
}

function parseAddress(text: string): { readonly host: string; readonly port: number } {
  const [, host = '', digits = ''] = /^(?:http:\/\/)?(\[[\da-f:]+\]|[^:/\s]+):(\d{1,5})\/?$/i.exec(text) ?? []
  const port = Number(digits)
  if (host === '' || port < 1 || port > 65_535) throw new InvalidArgumentError('It must be like localhost:8081.')
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port }
}

function missingJob(command: string): UsageError {
  return new UsageError("missing required argument 'job'", `name the job by its id: millrace ${command} 7f3a`)
}
