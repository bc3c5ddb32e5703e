import { afterAll, describe, expect, test, vi } from 'vitest'
import { JobDirectory } from './cli/job-directory.ts'
import { millrace } from './cli/millrace.ts'

// Each is a process with threads of its own, and whoever runs the tests may have two cores.
vi.setConfig({ maxConcurrency: 3 })

/** Of a job that is fine but for what `body` does. */
const job = (body: string, head = '') => `
import { defineJob } from '@millrace/runtime'
${head}
export default defineJob('bad', (env, args) => {
${body}
})
`
const numbers = 'const numbers = env.fromSequence(1, 100)'
const fine = job("env.fromElements('fine').print()")

interface Case {
  /** Files of the job's directory, beside `job.ts`. */
  readonly files?: Readonly<Record<string, string>>
  readonly job?: string
  /** Without `run job.ts`, which comes first. */
  readonly args?: readonly string[]
  /** Instead of `run job.ts`. */
  readonly command?: readonly string[]
  /** 2 unless given: wrong input, before anything runs. */
  readonly status?: 1 | 2
  /** Of the line `error: ...`: what is wrong, and with which value. */
  readonly error: RegExp
  /** Of the line `hint: ...`, or of the error itself: what would do. */
  readonly remedy: RegExp
}

const cases: Readonly<Record<string, Case>> = {
  // The command line
  'an unknown command': { command: ['rum', 'job.ts'], error: /unknown command 'rum'/, remedy: /Did you mean run/ },
  'a job file as the command': {
    command: ['job.ts'],
    error: /unknown command 'job\.ts'/,
    remedy: /millrace run job\.ts/,
  },
  'an unknown flag': {
    args: ['--paralelism', '2'],
    error: /unknown option '--paralelism'/,
    remedy: /Did you mean --parallelism/,
  },
  'an argument of the job before --': { args: ['--input', 'a'], error: /'--input'/, remedy: /go after --/ },
  'no job file': { command: ['run'], error: /missing required argument 'job'/, remedy: /millrace run job\.ts/ },
  'parallelism 0': { args: ['-p', '0'], error: /'0' is invalid/, remedy: /whole number from 1 to 32768/ },
  'a negative parallelism': { args: ['-p', '-3'], error: /-3/, remedy: /whole number from 1 to 32768/ },
  'half a parallelism': { args: ['-p', '1.5'], error: /'1\.5' is invalid/, remedy: /whole number/ },
  'a parallelism in words': { args: ['-p', 'two'], error: /'two' is invalid/, remedy: /whole number/ },
  'a -D without a value': {
    args: ['-D', 'parallelism.default'],
    error: /-D parallelism\.default/,
    remedy: /key=value/,
  },

  // The job file
  'a job file that does not exist': {
    command: ['run', 'jop.ts'],
    error: /no job file .*jop\.ts/,
    remedy: /check the path/,
  },
  'a directory as the job file': { command: ['run', '.'], error: /is a directory/, remedy: /file of the job/ },
  'a job file of another kind': {
    command: ['run', 'package.json'],
    error: /package\.json is no TypeScript/,
    remedy: /\.ts/,
  },
  'a syntax error': { job: 'export default defineJob(\n', error: /job\.ts:2:\d+/, remedy: /Unexpected end of file/ },
  'an import of a file that does not exist': {
    job: "import './no.ts'\n",
    error: /job\.ts:1:8.*\.\/no\.ts/,
    remedy: /resolve/,
  },
  'an import of a package that is not installed': {
    job: "import leftpad from 'leftpad-of-nobody'\nleftpad()\n",
    error: /leftpad-of-nobody/,
    remedy: /install/,
  },
  'a job that throws at import': {
    job: "throw new Error('no luck today')\n",
    error: /job\.ts.*no luck today/,
    remedy: /open\(\)/,
  },
  'a promise that nobody catches, left behind by a module': {
    job: job(
      'env.fromSequence(1, 1e15).filter(() => false).print()',
      "if (isMainThread) Promise.reject(new Error('nobody caught me'))\nimport { isMainThread } from 'node:worker_threads'",
    ),
    status: 1,
    error: /main thread.*nobody caught me/,
    remedy: /--verbose/,
  },
  'a job without a default export': {
    job: 'export const job = 1\n',
    error: /job\.ts has no default export/,
    remedy: /defineJob/,
  },
  'a default export that is no job': {
    job: 'export default () => {}\n',
    error: /default export of .*job\.ts is .*no job/,
    remedy: /defineJob/,
  },

  // Building
  'a builder that throws': { job: job("throw new TypeError('oh no')"), error: /"bad".*oh no/, remedy: /open\(\)/ },
  'a builder that is async': {
    job: "import { defineJob } from '@millrace/runtime'\nexport default defineJob('bad', async (env) => { env.fromElements(1).print() })",
    error: /"bad".*returned a promise/,
    remedy: /open\(\)/,
  },
  'a job without operators': {
    job: job(''),
    error: /"bad" has no operators/,
    remedy: /end the stream in sinkTo, print or collect/,
  },
  'a job that is built differently in a worker': {
    job: job(
      `${numbers}\nnumbers.map((n) => n).name(isMainThread ? 'One' : 'Another').print()`,
      "import { isMainThread } from 'node:worker_threads'",
    ),
    status: 1,
    error: /"bad".*differently.*"Another".*"One"/,
    remedy: /depend/,
  },
  'a job with more operators in a worker': {
    job: job(
      `${numbers}\nnumbers.print()\nif (!isMainThread) numbers.map((n) => n).print()`,
      "import { isMainThread } from 'node:worker_threads'",
    ),
    status: 1,
    error: /"bad".*differently.*"Source: Sequence Source" with other inputs or outputs/,
    remedy: /depend/,
  },
  'a job that throws only in a worker': {
    job: job(
      `if (!isMainThread) throw new Error('only here')\n${numbers}\nnumbers.print()`,
      "import { isMainThread } from 'node:worker_threads'",
    ),
    status: 1,
    error: /"bad".*only here/,
    remedy: /open\(\)/,
  },
  'env.setParallelism(0)': { job: job('env.setParallelism(0)'), error: /parallelism.* 0/, remedy: /from 1 to/ },
  'a parallelism of NaN': {
    job: job('env.fromElements(1).map((n) => n).setParallelism(NaN).print()'),
    error: /NaN/,
    remedy: /from 1 to/,
  },
  'a parallelism above the maximum': {
    job: job('env.fromSequence(1, 9).map((n) => n).setParallelism(8).setMaxParallelism(4).print()'),
    error: /8.*4/,
    remedy: /lower|raise/i,
  },
  '-p above the maximum': {
    job: job(`env.setMaxParallelism(2)\n${numbers}\nnumbers.print()`),
    args: ['-p', '3'],
    error: /3.*2/,
    remedy: /lower|raise/i,
  },
  'two operators with one uid': {
    job: job(`${numbers}\nnumbers.map((n) => n).uid('twin').filter(() => true).uid('twin').print()`),
    error: /"twin".*"Map" \(.*job\.ts:6\).*"Filter" \(.*job\.ts:6\)/,
    remedy: /uid/,
  },

  // Configuration
  'an unknown option': {
    args: ['-D', 'paralelism.default=2'],
    error: /"?paralelism\.default"?/,
    remedy: /parallelism\.default/,
  },
  'an ill-typed number': {
    args: ['-D', 'parallelism.default=many'],
    error: /parallelism\.default.*"many"/,
    remedy: /integer|number/,
  },
  'an ill-typed duration': {
    args: ['-D', 'execution.buffer-timeout.interval=soon'],
    error: /execution\.buffer-timeout.*"soon"/,
    remedy: /ms/,
  },
  'an ill-typed size': {
    args: ['-D', 'taskmanager.memory.segment-size=big'],
    error: /segment-size.*"big"/,
    remedy: /kb|KiB|mb/i,
  },
  'an ill-typed flag': {
    args: ['-D', 'pipeline.operator-chaining.enabled=maybe'],
    error: /operator-chaining.*"maybe"/,
    remedy: /true/,
  },
  'a parallelism of 0 in the configuration': {
    args: ['-D', 'parallelism.default=0'],
    error: /parallelism\.default.*"?0"?/,
    remedy: /at least 1|from 1/,
  },
  'an unknown option in env.configure': {
    job: job("env.configure({ 'pipeline.check-mutations': true })\nenv.fromElements(1).print()"),
    error: /pipeline\.check-mutations/,
    remedy: /pipeline\.check-mutation\b/,
  },
  'a malformed millrace.yaml': {
    files: { 'millrace.yaml': 'parallelism:\n  default: [2\n' },
    error: /millrace\.yaml:\d+/,
    remedy: /./,
  },
  'an unknown option in millrace.yaml': {
    files: { 'millrace.yaml': 'parallelism:\n  default: 1\n  defualt: 2\n' },
    error: /parallelism\.defualt \(millrace\.yaml:3\)/,
    remedy: /parallelism\.default/,
  },
  'a millrace.yaml that is a list': { files: { 'millrace.yaml': '- a\n' }, error: /millrace\.yaml/, remedy: /key/ },
  'too few slots': {
    job: job("env.fromSequence(1, 9).slotSharingGroup('in').map((n) => n).slotSharingGroup('work').print()"),
    args: ['-p', '2', '-D', 'taskmanager.numberOfTaskSlots=3'],
    error: /needs 4 slots \(slot sharing group "in" needs 2, "work" needs 2\).*taskmanager\.numberOfTaskSlots is 3/,
    remedy: /Raise or unset taskmanager\.numberOfTaskSlots/,
  },
  'thousands of threads': {
    job: job(`${numbers}\nnumbers.print()`),
    args: ['-p', '4000'],
    error: /needs 4000 slots/,
    remedy: /Lower the parallelism/,
  },
  'too little network memory': {
    job: job(`${numbers}\nnumbers.rebalance().map((n) => n).print()`),
    args: ['-p', '8', '-D', 'taskmanager.memory.network.min=1mb', '-D', 'taskmanager.memory.network.max=1mb'],
    error: /need \d+\.\d MiB .* at most 1\.0 MiB/,
    remedy: /Raise taskmanager\.memory\.network\.max/,
  },

  // What the job reads and writes
  'an input file that does not exist': {
    job: job(
      "env.fromSource(FileSource.forTextLines('no/such/file.txt'), WatermarkStrategy.noWatermarks(), 'Text').print()",
      fileSource(),
    ),
    error: /Text.*no\/such\/file\.txt/,
    remedy: /./,
  },
  'an input file below a file': {
    files: { file: 'a file\n' },
    job: job(
      "env.fromSource(FileSource.forTextLines('file/in.txt'), WatermarkStrategy.noWatermarks(), 'Text').print()",
      fileSource(),
    ),
    error: /Text.*file\/in\.txt/,
    remedy: /./,
  },
  'an output directory below a file': {
    files: { file: 'a file\n' },
    job: job(
      "env.fromElements('a').sinkTo(FileSink.forRows('file/out'))",
      "import { FileSink } from '@millrace/connectors/file'",
    ),
    status: 1,
    error: /"bad" failed in operator ".*Writer".*file\/out/,
    remedy: /./,
  },

  // Records and keys
  ...failing(
    'a key that is undefined',
    'numbers.keyBy(() => undefined as unknown as string).reduce((a) => a).print()',
    /undefined/,
    /key/,
  ),
  ...failing('a key that is NaN', 'numbers.keyBy(() => NaN).reduce((a) => a).print()', /NaN/, /key/),
  ...failing(
    'a key that is a function',
    'numbers.keyBy(() => (() => 1) as unknown as string).reduce((a) => a).print()',
    /function/,
    /key/,
  ),
  ...failing(
    'a record with a function',
    'numbers.map((n) => ({ n, act: [() => n] })).name("Make").rebalance().print()',
    /Make.*act\[0\].*function/,
    /./,
  ),
  ...failing(
    'a record with a symbol',
    'numbers.map((n) => ({ n, tag: Symbol("t") })).name("Make").rebalance().print()',
    /Make.*tag.*symbol/i,
    /./,
  ),
  ...failing(
    'a record of an unregistered class',
    'class Point { x = 1 }\nnumbers.map(() => new Point()).name("Make").rebalance().print()',
    /Make.*Point/,
    /registerType/,
  ),
  ...failing(
    'a record of an unregistered class on a one-to-one edge',
    'class Point { x = 1 }\nnumbers.map(() => ({ p: new Point() })).name("Make").disableChaining().map((r) => r.p.x).disableChaining().print()',
    /Make.*p.*Point/,
    /registerType/,
  ),
  ...failing(
    'a map that returns a promise',
    'numbers.map(((n: number) => Promise.resolve(n)) as never).name("Make").print()',
    /Make.*promise/,
    /async/,
  ),
}

function fileSource(): string {
  return "import { WatermarkStrategy } from '@millrace/runtime'\nimport { FileSource } from '@millrace/connectors/file'"
}

function failing(name: string, body: string, error: RegExp, remedy: RegExp): Readonly<Record<string, Case>> {
  return { [name]: { job: job(`${numbers}\n${body}`), status: 1, error, remedy } }
}

const directories: JobDirectory[] = []
afterAll(() => {
  for (const directory of directories) directory[Symbol.dispose]()
})

function directoryOf({ files, job: text = fine }: Case): JobDirectory {
  const directory = new JobDirectory({ 'job.ts': text, ...files })
  directories.push(directory)
  return directory
}

const runs = { timeoutMs: 30_000 }

describe('What works, but not as it was meant, gets a warning:', { concurrent: true }, () => {
  test.each([
    [
      'a deprecated key',
      '-D',
      'pipeline.operator-chaining=false',
      /pipeline\.operator-chaining .*pipeline\.operator-chaining\.enabled/,
    ],
    [
      'a key of Flink that means nothing here',
      '-D',
      'state.backend.rocksdb.memory.managed=true',
      /state\.backend\.rocksdb\.memory\.managed \(-D\) has no effect: Millrace has no such state backend/,
    ],
    ['a -p that changes nothing', '-p', '2', /-p 2 changes nothing, .*"Print to Std\. Out" \(1\)/],
  ])('%s', async (_, flag, value, warning) => {
    const directory = directoryOf({
      error: /./,
      remedy: /./,
      job: job("env.fromElements('fine').print().setParallelism(1)"),
    })
    const { status, stdout, stderr } = await millrace(['run', 'job.ts', flag, value], { cwd: directory.path, ...runs })
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'fine\n' })
    const warnings = stderr.split('\n').filter((line) => line.includes(' WARN '))
    expect(warnings).toEqual([expect.stringMatching(warning)])
  })
})

describe('Bad input gets an error that says what is wrong and what would do:', { concurrent: true }, () => {
  test.each(Object.entries(cases))('%s', async (name, each) => {
    const { args = [], command = ['run', 'job.ts', ...args], status = 2, error, remedy } = each
    const directory = directoryOf(each)
    const ended = await millrace(command, { cwd: directory.path })
    if (process.env.SHOW) console.log(`${name}\n${ended.stderr}`)
    const lines = ended.stderr.split('\n')
    const first = status === 1 ? lines.findIndex((line) => line.startsWith('error: ')) : 0
    expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status, stdout: '' })
    expect(lines[first]).toMatch(/^error: /)
    expect(lines[first]).toMatch(error)
    expect(lines.slice(first, first + 2).join('\n')).toMatch(remedy)
    // No stack: two lines are all.
    expect(lines.slice(first + 1)).toEqual([expect.stringMatching(/^hint: ./), ''])
  })
})
