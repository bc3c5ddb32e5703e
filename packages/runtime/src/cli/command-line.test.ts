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

describe('the command line', () => {
  test.each([
    ['run job.ts', run],
    ['run -p 4 job.ts', { ...run, parallelism: 4 }],
    ['run job.ts --parallelism=32768', { ...run, parallelism: 32_768 }],
    ['run job.ts -p2', { ...run, parallelism: 2 }],
    ['run job.ts -D a=1 -Db=2 --define c=3', { ...run, properties: ['a=1', 'b=2', 'c=3'] }],
    ['run job.ts --json --verbose', { ...run, json: true, verbose: true, logFormat: 'json' }],
    ['run job.ts --log-level debug --log-format json', { ...run, logLevel: 'debug', logFormat: 'json' }],
    ['run job.ts -- -p 4 --json -- x', { ...run, jobArguments: ['-p', '4', '--json', '--', 'x'] }],
    ['run job.ts --', run],
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

  test.each(['', '--help', 'help', 'run --help', 'help run', 'graph -h'])(
    'shows help with examples for millrace %s',
    (line) => {
      const shown = parseCommandLine(
        line.split(' ').filter((word) => word !== ''),
        '1.2.3',
      )
      expect(shown).toMatchObject({
        command: 'show',
        text: expect.stringMatching(/^Usage: millrace[\s\S]*Examples:\n {2}\$ millrace /),
      })
    },
  )
})

function thrown(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
