import { describe, expect, test } from 'vitest'
import { parseCommandLine } from './command-line.ts'
import { UsageError } from './usage-error.ts'

const run = {
  command: 'run',
  jobFile: 'job.ts',
  jobArguments: [],
  parallelism: undefined,
  properties: [],
  verbose: false,
  json: false,
  logLevel: undefined,
  logFormat: 'text',
  restore: undefined,
  isDetached: false,
}
const graph = {
  command: 'graph',
  jobFile: 'job.ts',
  jobArguments: [],
  parallelism: undefined,
  properties: [],
  verbose: false,
  format: 'text',
}

const target = { jobManager: undefined, token: undefined, json: false }
const from = (path: string) => ({
  from: { path },
  allowNonRestoredState: false,
  dropState: [],
  claimMode: 'NO_CLAIM',
})

describe('the command line', () => {
  test.each([
    ['run job.ts', run],
    ['run -p 4 job.ts', { ...run, parallelism: 4 }],
    ['run job.ts --parallelism=32768', { ...run, parallelism: 32_768 }],
    ['run job.ts -p2', { ...run, parallelism: 2 }],
    ['run job.ts -D a=1 -Db=2 --define c=3', { ...run, properties: ['a=1', 'b=2', 'c=3'] }],
    ['run job.ts -D a=1 --on-lost-transaction=skip', { ...run, properties: ['a=1', 'sink.on-lost-transaction=skip'] }],
    ['run job.ts --json --verbose', { ...run, json: true, verbose: true, logFormat: 'json' }],
    ['run job.ts --log-level debug --log-format json', { ...run, logLevel: 'debug', logFormat: 'json' }],
    ['run job.ts -- -p 4 --json -- x', { ...run, jobArguments: ['-p', '4', '--json', '--', 'x'] }],
    ['run job.ts --', run],
    ['run -d job.ts', { ...run, isDetached: true }],
    ['run --detached job.ts', { ...run, isDetached: true }],
    ['run -s sp job.ts', { ...run, restore: from('sp') }],
    ['run --from-savepoint=sp job.ts', { ...run, restore: from('sp') }],
    [
      'run --fromSavepoint sp --allowNonRestoredState job.ts',
      { ...run, restore: { ...from('sp'), allowNonRestoredState: true } },
    ],
    ['run -s sp -n job.ts', { ...run, restore: { ...from('sp'), allowNonRestoredState: true } }],
    ['run -s sp -cm claim job.ts', { ...run, restore: { ...from('sp'), claimMode: 'CLAIM' } }],
    ['run -s sp --claimMode=NO_CLAIM job.ts', { ...run, restore: from('sp') }],
    ['run -s sp --drop-state a --drop-state b job.ts', { ...run, restore: { ...from('sp'), dropState: ['a', 'b'] } }],
    ['run --resume job.ts', { ...run, restore: { ...from('sp'), from: 'resume' } }],
    ['run job.ts -- -cm --fromSavepoint x', { ...run, jobArguments: ['-cm', '--fromSavepoint', 'x'] }],
    ['savepoint 7f', { ...target, command: 'savepoint', job: '7f', directory: undefined }],
    [
      'savepoint 7f sp --type canonical --json',
      { ...target, command: 'savepoint', job: '7f', directory: 'sp', json: true },
    ],
    ['savepoint -d sp', { ...target, command: 'dispose', path: 'sp' }],
    ['savepoint --dispose sp', { ...target, command: 'dispose', path: 'sp' }],
    ['savepoint inspect sp', { command: 'inspect', path: 'sp', exportFile: undefined, json: false }],
    [
      'savepoint inspect sp --export a.jsonl --json',
      { command: 'inspect', path: 'sp', exportFile: 'a.jsonl', json: true },
    ],
    ['checkpoint 7f -full', { ...target, command: 'checkpoint', job: '7f' }],
    ['stop 7f', { ...target, command: 'stop', job: '7f', directory: undefined, drain: false }],
    ['stop --savepointPath sp --drain 7f', { ...target, command: 'stop', job: '7f', directory: 'sp', drain: true }],
    ['stop -p sp -d 7f', { ...target, command: 'stop', job: '7f', directory: 'sp', drain: true }],
    ['cancel 7f', { ...target, command: 'cancel', job: '7f', savepoint: undefined }],
    ['cancel -s sp 7f', { ...target, command: 'cancel', job: '7f', savepoint: { directory: 'sp' } }],
    ['cancel -s 7f', { ...target, command: 'cancel', job: '7f', savepoint: { directory: undefined } }],
    ['cancel 7f -s', { ...target, command: 'cancel', job: '7f', savepoint: { directory: undefined } }],
    ['list', { ...target, command: 'list', shows: { running: true, scheduled: true, terminated: false } }],
    ['list -r', { ...target, command: 'list', shows: { running: true, scheduled: false, terminated: false } }],
    ['list -s', { ...target, command: 'list', shows: { running: false, scheduled: true, terminated: false } }],
    ['list -a', { ...target, command: 'list', shows: { running: true, scheduled: true, terminated: true } }],
    ['rescale 7f -p 16', { ...target, command: 'rescale', job: '7f', parallelism: 16 }],
    [
      'checkpoint 7f -m localhost:8081 --token t',
      { ...target, command: 'checkpoint', job: '7f', jobManager: { host: 'localhost', port: 8081 }, token: 't' },
    ],
    [
      'checkpoint 7f -m [::1]:8081',
      { ...target, command: 'checkpoint', job: '7f', jobManager: { host: '::1', port: 8081 } },
    ],
    ['graph job.ts', graph],
    [
      'graph job.ts --json -p 2 -D a=1 -- x',
      { ...graph, format: 'json', parallelism: 2, properties: ['a=1'], jobArguments: ['x'] },
    ],
    ['graph job.ts --mermaid', { ...graph, format: 'mermaid' }],
  ])('understands millrace %s', (line, expected) => {
    expect(parseCommandLine(line.split(' '), '1.2.3')).toEqual(expected)
  })

  test.each([
    ['run', "missing required argument 'job'", 'name the file of the job: millrace run job.ts'],
    [
      'run job.ts -p 0',
      "option '-p, --parallelism <number>' argument '0' is invalid. It must be a whole number from 1 to 32768.",
      'millrace help run shows how',
    ],
    ['run job.ts -p -3', "argument '-3' is invalid", 'millrace help run shows how'],
    ['run job.ts -p many', "argument 'many' is invalid", 'millrace help run shows how'],
    ['run job.ts -p 32769', "argument '32769' is invalid", 'millrace help run shows how'],
    ['run job.ts -p', "option '-p, --parallelism <number>' argument missing", 'millrace help run shows how'],
    ['run job.ts --jsn', "unknown option '--jsn'", 'Did you mean --json?'],
    [
      'run job.ts --input a.txt',
      "unknown option '--input'",
      'arguments of the job itself go after --: millrace run job.ts -- --input a.txt',
    ],
    ['run job.ts a.txt', 'too many arguments', 'arguments of the job itself go after --'],
    [
      'run job.ts --log-level loud',
      "argument 'loud' is invalid. Allowed choices are debug, info, warn, error.",
      'millrace help run shows how',
    ],
    ['graph job.ts --json --mermaid', "cannot be used with option '--mermaid'", 'millrace help graph shows how'],
    ['run -n job.ts', '-n says what to take of a snapshot, and there is none', 'name it with -s PATH, or --resume'],
    ['run --drop-state a job.ts', '--drop-state says what to take', 'name it with -s PATH'],
    ['run -s sp --resume job.ts', '-s and --resume exclude each other', '--resume finds the newest checkpoint'],
    ['run -s sp -cm maybe job.ts', "argument 'maybe' is invalid. Allowed choices are claim, no_claim.", 'help run'],
    ['savepoint', "missing required argument 'job'", 'name the job by its id: millrace savepoint 7f3a'],
    ['savepoint -d sp 7f', '-d and a job exclude each other', 'millrace help savepoint shows how'],
    ['savepoint 7f -type native', "argument 'native' is invalid. Allowed choices are canonical.", 'help savepoint'],
    ['savepoint inspect', "missing required argument 'path'", 'millrace savepoint inspect PATH'],
    ['stop', "missing required argument 'job'", 'name the job by its id: millrace stop 7f3a'],
    ['cancel', "missing required argument 'job'", 'name the job by its id: millrace cancel 7f3a'],
    ['cancel 7f 8a', 'too many arguments', 'millrace help cancel shows how'],
    ['rescale 7f', "required option '-p, --parallelism <number>' not specified", 'millrace help rescale shows how'],
    ['rescale 7f -p 0', 'It must be a whole number from 1 to 32768.', 'millrace help rescale shows how'],
    ['list -m localhost', 'It must be like localhost:8081.', 'millrace help list shows how'],
    ['list -m localhost:0', 'It must be like localhost:8081.', 'millrace help list shows how'],
    ['rnu job.ts', "unknown command 'rnu'", 'Did you mean run?'],
    ['src/job.ts', "unknown command 'src/job.ts'", 'to run a job: millrace run src/job.ts'],
    ['--verbos', "unknown option '--verbos'", 'Did you mean --version?'],
    ['--nothing-like-it', "unknown option '--nothing-like-it'", 'millrace --help shows what there is'],
  ])('refuses millrace %s', (line, message, hint) => {
    const error = thrown(() => parseCommandLine(line.split(' '), '1.2.3'))
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message),
      facts: { hint: expect.stringContaining(hint) },
    })
  })

  test('shows its version', () => {
    expect(parseCommandLine(['--version'], '1.2.3')).toEqual({ command: 'show', text: '1.2.3\n' })
  })

  test.each([
    '',
    '--help',
    'help',
    'run --help',
    'help run',
    'graph -h',
    'help list',
    'help savepoint',
    'savepoint inspect --help',
    'stop -h',
    'cancel -h',
    'rescale -h',
  ])('shows help with examples for millrace %s', (line) => {
    const shown = parseCommandLine(
      line.split(' ').filter((word) => word !== ''),
      '1.2.3',
    )
    expect(shown).toMatchObject({
      command: 'show',
      text: expect.stringMatching(/^Usage: millrace[\s\S]*Examples:\n {2}\$ millrace /),
    })
  })
})

function thrown(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
