import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type JobOutput, type PrepareJob, prepareJob, type StartOptions } from '../cluster/prepare-job.ts'
import { Configuration } from '../configuration/configuration.ts'
import { FakeJob } from '../rest/testing/fake-job.ts'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import { SnapshotError } from '../snapshot/snapshot-error.ts'
import type { SimulatedClock } from '../testing/simulated-clock.ts'
import { main } from './main.ts'
import { FakeProcess, type FakeProcessOptions, TemporaryRegistry } from './testing/fake-process.ts'

const registry = new TemporaryRegistry()
afterAll(() => registry[Symbol.dispose]())
const storage = new LocalDirectoryStorage()
const id = '0123456789abcdef0123456789abcdef'

const graph = { jobName: 'fake', vertices: [], edges: [], fingerprint: '' }

/** Runs `millrace` on a fake job, which has been started when this resolves. */
async function started(
  line: string,
  options: FakeProcessOptions<SimulatedClock> & { savepointDirectory?: string } = {},
) {
  const io = new FakeProcess(options)
  const job = new FakeJob(id)
  job.savepointDirectory = options.savepointDirectory
  const savepoints = options.savepointDirectory === undefined ? {} : { 'execution.checkpointing.savepoint-dir': '/sp' }
  let output: JobOutput | undefined
  let started: StartOptions | undefined
  const prepare: PrepareJob = async () => ({
    jobGraph: graph,
    warnings: [{ code: 'CONFIGURATION', message: 'something looks odd', operators: [] }],
    configuration: Configuration.empty.with({ 'rest.port': 0, ...savepoints }, 'command line'),
    async start(given, options) {
      output = given
      started = options
      return job
    },
  })
  const status = main(line.split(' '), { io, version: '1.2.3', prepareJob: prepare, registry, storage })
  while (output === undefined || !io.written.stderr.includes(id)) await nextTurn()
  await nextTurn()
  return { io, job, status, output, started }
}

describe('millrace run', () => {
  test('ends with 0 when the job finishes, and keeps stdout for data', async () => {
    const { io, job, status, output } = await started('run job.ts')
    await output.standardOutput('1> data\n')
    await output.standardError('from console.error\n')
    job.elapsedMs = 2_000
    job.end('FINISHED')
    expect(await status).toBe(0)
    expect(io.written.stdout).toBe('1> data\n')
    expect(io.written.stderr.split('\n')).toEqual([
      '2023-11-14T22:13:20.000Z WARN  something looks odd',
      `Job has been submitted with JobID ${id}`,
      'from console.error',
      `Job fake (${id}) FINISHED after 2.0 s`,
      'vertex  par.  records in  records out  records/s  busy',
      'Map        1       2,000            0      1,000   50%',
      '',
    ])
    expect(io.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('ends with 1 when the job fails, with the error after the summary', async () => {
    const { io, job, status } = await started('run job.ts')
    job.fail(new Error('map failed', { cause: new RangeError('division by zero') }))
    expect(await status).toBe(1)
    expect(io.written.stderr.split('\n').slice(-3)).toEqual([
      'error: Error: map failed',
      'hint: run again with --verbose to see the cause',
      '',
    ])
    expect(io.written.stderr).toContain(`Job fake (${id}) FAILED after`)
  })

  test('shows the cause under --verbose', async () => {
    const { io, job, status } = await started('run job.ts --verbose')
    job.fail(new Error('map failed', { cause: new RangeError('division by zero') }))
    await status
    expect(io.written.stderr).toMatch(
      /\ncause: RangeError: division by zero\n {4}at .*\n[\s\S]*\nraised as: Error: map failed\n/,
    )
  })

  test('writes only JSON lines to stderr under --json, the summary last', async () => {
    const { io, job, status } = await started('run job.ts --json')
    job.elapsedMs = 1_000
    job.fail(new TypeError('two\nlines'))
    expect(await status).toBe(1)
    const lines = io.written.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toEqual([
      { level: 'warn', time: '2023-11-14T22:13:20.000Z', msg: 'something looks odd' },
      { type: 'submitted', jobId: id, jobName: 'fake' },
      expect.objectContaining({
        type: 'summary',
        status: 'FAILED',
        error: { code: 'UNEXPECTED', message: 'TypeError: two\nlines' },
      }),
    ])
    expect(io.written.stdout).toBe('')
  })

  test('logs the progress every five seconds, and later every thirty', async () => {
    const { io, job, status } = await started('run job.ts')
    for (let second = 1; second <= 120; second++) {
      job.elapsedMs = second * 1_000
      io.clock.advanceTo(second * 1_000)
    }
    const lines = io.written.stderr.split('\n').filter((line) => line.includes(' INFO '))
    expect(lines[0]).toBe('2023-11-14T22:13:25.000Z INFO  fake RUNNING 5.0 s: Map 1.0k/s (50% busy)')
    expect(lines).toHaveLength(12 + 2)
    job.end('FINISHED')
    await status
  })

  test.each([
    ['warn', 0],
    ['info', 1],
  ])('logs from the level %s of MILLRACE_LOG_LEVEL', async (level, count) => {
    const { io, job, status } = await started('run job.ts', { env: { MILLRACE_LOG_LEVEL: level } })
    io.clock.advanceTo(5_000)
    expect(io.written.stderr.split(' INFO ')).toHaveLength(count + 1)
    job.end('FINISHED')
    await status
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('cancels the job at the first %s and ends with %i', async (signal, expected) => {
    const { io, job, status } = await started('run job.ts')
    io.signal(signal)
    expect(job.cancelCount).toBe(1)
    expect(io.exits).toEqual([])
    job.end('CANCELED')
    expect(await status).toBe(expected)
    expect(io.written.stderr).toContain(`Canceling job fake (${signal}). Once more ends it at once.\n`)
    expect(io.written.stderr).toContain(`Job fake (${id}) CANCELED after`)
    // A signal that comes while the program ends is handled, too.
    io.clock.advanceTo(1_000)
    io.signal(signal)
    expect(io.exits).toEqual([expected])
  })

  test('ends at once at the second signal', async () => {
    const { io, job, status } = await started('run job.ts')
    io.signal('SIGINT')
    // npm hands the same Ctrl-C on.
    io.clock.advanceTo(10)
    io.signal('SIGINT')
    expect(io.exits).toEqual([])
    io.clock.advanceTo(100)
    io.signal('SIGINT')
    expect(io.exits).toEqual([130])
    expect(job.cancelCount).toBe(1)
    job.end('CANCELED')
    await status
  })

  test('ends within five seconds of the first signal, even if the job does not', async () => {
    const { io, job, status } = await started('run job.ts')
    io.signal('SIGTERM')
    io.clock.advanceTo(4_400)
    expect(io.exits).toEqual([])
    io.clock.advanceTo(5_000)
    expect(io.exits).toEqual([143])
    job.end('CANCELED')
    await status
  })

  test('ends at once at a signal before the job has started', async () => {
    const io = new FakeProcess()
    const never: PrepareJob = () => new Promise(() => {})
    void main(['run', 'job.ts'], { io, version: '1', prepareJob: never, registry, storage })
    io.signal('SIGINT')
    expect(io.exits).toEqual([130])
  })

  test('cancels the job when nobody reads stdout any more, and ends as other programs do', async () => {
    const { job, status, output } = await started('run job.ts', { stdoutCloses: true })
    await output.standardOutput('1> data\n')
    expect(job.cancelCount).toBe(1)
    job.end('CANCELED')
    expect(await status).toBe(141)
  })

  test('ends with 0 if the job finishes although it was asked to stop', async () => {
    const { io, job, status } = await started('run job.ts')
    io.signal('SIGINT')
    job.end('FINISHED')
    expect(await status).toBe(0)
  })
})

describe('millrace run -s', () => {
  test('starts from a snapshot, by its absolute path', async () => {
    const {
      job,
      status,
      started: options,
    } = await started('run -s sp/savepoint-1 -n -cm CLAIM --drop-state a --drop-state b job.ts')
    expect(options).toEqual({
      restore: {
        from: { path: join(process.cwd(), 'sp/savepoint-1') },
        allowNonRestoredState: true,
        dropState: ['a', 'b'],
        claimMode: 'CLAIM',
      },
    })
    job.end('FINISHED')
    await status
  })

  test('ends with 1 when the snapshot cannot be used', async () => {
    const io = new FakeProcess()
    const prepare: PrepareJob = async () => ({
      jobGraph: graph,
      warnings: [],
      configuration: Configuration.empty,
      async start() {
        throw new SnapshotError('SNAPSHOT_NOT_FOUND', 'There is no snapshot at /sp: check the path')
      },
    })
    const parts = { io, version: '1', prepareJob: prepare, registry, storage }
    expect(await main(['run', '-s', '/sp', 'job.ts', '--json'], parts)).toBe(1)
    expect(JSON.parse(io.written.stderr)).toEqual({
      type: 'error',
      code: 'SNAPSHOT_NOT_FOUND',
      message: 'There is no snapshot at /sp: check the path',
      hint: 'run again with --verbose to see where it comes from',
    })
  })
})

describe('SIGTERM, where a savepoint directory is set,', () => {
  test('ends the job with a savepoint, and the status 0', async () => {
    const { io, job, status } = await started('run job.ts', { savepointDirectory: '/sp' })
    io.signal('SIGTERM')
    expect(await status).toBe(0)
    expect(job.asked).toEqual(['stop /sp'])
    expect(job.cancelCount).toBe(0)
    expect(io.written.stderr).toContain(
      'Stopping job fake with a savepoint (SIGTERM). Once more ends it at once.\n' +
        'Savepoint completed. Path: /sp/savepoint-012345-97e90173b11b\n',
    )
    expect(io.clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('cancels the job if that fails', async () => {
    const { io, job, status } = await started('run job.ts', { savepointDirectory: '/sp' })
    job.endsOnCancel = true
    job.savepointFailure = new Error('the disk is full')
    io.signal('SIGTERM')
    expect(await status).toBe(143)
    expect(io.written.stderr).toContain('No savepoint was made: the disk is full. Canceling job fake.\n')
  })

  test('cancels the job if that takes half a minute', async () => {
    const { io, job, status } = await started('run job.ts', { savepointDirectory: '/sp' })
    job.endsOnCancel = true
    job.savepointReady = new Promise(() => {})
    io.signal('SIGTERM')
    io.clock.advanceTo(29_999)
    expect(job.cancelCount).toBe(0)
    io.clock.advanceTo(30_000)
    expect(await status).toBe(143)
    expect(job.cancelCount).toBe(1)
  })

  test('ends at once when it comes again', async () => {
    const { io, job, status } = await started('run job.ts', { savepointDirectory: '/sp' })
    job.savepointReady = new Promise(() => {})
    io.signal('SIGTERM')
    io.clock.advanceTo(200)
    io.signal('SIGTERM')
    expect(io.exits).toEqual([143])
    job.end('CANCELED')
    await status
  })
})

describe('bad input is two lines on stderr and the status 2, before anything starts:', () => {
  let directory: string
  beforeAll(() => {
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-cli-')))
    const job = (build: string) =>
      `export default { [Symbol.for('millrace.job-definition')]: 1, name: 'sum', build(env, args) { ${build} } }`
    const files: Readonly<Record<string, string>> = {
      'good.ts': job('env.fromSequence(1, 9).map((n: number) => n + args.length).print()'),
      'good.js': job('env.fromSequence(1, 9).print()'),
      'syntax.ts': 'export default defineJob(',
      'nothing.ts': 'export const job = 1',
      'no-job.ts': 'export default 17',
      'import-throws.ts': 'throw new Error("no database")',
      'build-throws.ts': job('throw new RangeError("no luck")'),
      'zero.ts': job('env.setParallelism(0)'),
      'uids.ts': job("env.fromElements(1).map((n: number) => n).uid('a').map((n: number) => n).uid('a').print()"),
      'configured/job.ts': job('env.fromSequence(1, 9).print()'),
      'configured/millrace.yaml': 'parallelism:\n  default: 3\n',
      'unknown/job.ts': job('env.fromSequence(1, 9).print()'),
      'unknown/millrace.yaml': 'parallelism:\n  defualt: 3\n',
    }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(directory, path, '..'), { recursive: true })
      writeFileSync(join(directory, path), text)
    }
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  const millrace = async (line: string) => {
    const io = new FakeProcess()
    const argv = line.split(' ').map((word) => (/\.(ts|js)$|^\/$/.test(word) ? join(directory, word) : word))
    const status = await main(argv, { io, version: '1.2.3', prepareJob, registry, storage })
    return { status, ...io.written }
  }

  test.each([
    ['run missing.ts', /^error: There is no job file .*missing\.ts: check the path$/],
    ['run /', /^error: .* is a directory: name the file of the job in it$/],
    ['run syntax.ts', /^error: Cannot read the job .*syntax\.ts:1:26: Unexpected end of file$/],
    ['run nothing.ts', /^error: .*nothing\.ts has no default export: write export default defineJob/],
    ['run no-job.ts', /^error: The default export of .*no-job\.ts is .*17.*, which is no job/],
    ['run import-throws.ts', /^error: Cannot import the job .*: Error: no database\. /],
    ['run build-throws.ts', /^error: Cannot build job "sum": its function threw: no luck\./],
    ['run zero.ts', /^error: .*parallelism.* 0/],
    ['run uids.ts', /^error: .*uid "a"/],
    ['run good.ts -p 0', /^error: option '-p, --parallelism <number>' argument '0' is invalid\./],
    ['run good.ts -p 3 -D pipeline.max-parallelism=2', /^error: .*max.*2/],
    [
      'run good.ts -D parallelism.defualt=2',
      /^error: Unknown option parallelism\.defualt \(-D\): did you mean parallelism\.default\?$/,
    ],
    [
      'run good.ts -D parallelism.default=two',
      /^error: Cannot read the option parallelism\.default from "two" \(-D\): expected a whole number/,
    ],
    ['run good.ts -D parallelism', /^error: Cannot read -D parallelism: expected key=value/],
    [
      'run unknown/job.ts',
      /^error: Unknown option parallelism\.defualt \(millrace\.yaml:2\): did you mean parallelism\.default\?$/,
    ],
    ['rum good.ts', /^error: unknown command 'rum'$/],
  ])('millrace %s', async (line, message) => {
    const { status, stdout, stderr } = await millrace(line)
    const [first, second, ...rest] = stderr.split('\n')
    expect(first).toMatch(message)
    expect(second).toMatch(/^hint: \S/)
    expect(rest).toEqual([''])
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })

  test('but under --verbose the stack of the user comes first', async () => {
    const { stderr } = await millrace('run build-throws.ts --verbose')
    expect(stderr.split('\n').slice(2, 4)).toEqual(['cause: RangeError: no luck', expect.stringContaining('at ')])
  })

  test('millrace graph shows what would run, at the parallelism of -p, of millrace.yaml, or 1', async () => {
    const parallelismOf = async (line: string) => {
      const { status, stdout } = await millrace(line)
      expect(status).toBe(0)
      const { vertices } = JSON.parse(stdout) as { vertices: { parallelism: number }[] }
      return vertices.map(({ parallelism }) => parallelism)
    }
    expect(await parallelismOf('graph good.ts --json')).toEqual([1])
    expect(await parallelismOf('graph good.js --json -p 2')).toEqual([2])
    expect(await parallelismOf('graph configured/job.ts --json')).toEqual([3])
    expect(await parallelismOf('graph configured/job.ts --json -D parallelism.default=5')).toEqual([5])
    expect((await millrace('graph good.ts --mermaid -- x')).stdout).toMatch(/^flowchart LR\n {2}v0\["Source: /)
    expect((await millrace('graph good.ts')).stdout).toMatch(/^Job "sum": 1 vertex, 3 operators, 1 subtask in 1 slot\n/)
  })

  test('a key without effect is a warning', async () => {
    const { status, stderr } = await millrace('graph good.ts -D taskmanager.memory.process.size=4g')
    expect(status).toBe(0)
    expect(stderr).toMatch(
      /^warning: taskmanager\.memory\.process\.size \(-D\) has no effect: it divides the memory of a JVM/,
    )
  })
})
