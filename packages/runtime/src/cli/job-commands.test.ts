// What the commands print, held against recordings of Flink 2.3 with ids and paths replaced, with real sockets on loopback.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SystemClock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { ClusterError } from '../cluster/cluster-error.ts'
import type { RescaledVertex } from '../cluster/job-handle.ts'
import { FakeJob } from '../rest/testing/fake-job.ts'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import { main } from './main.ts'
import { PublishedJob } from './published-job.ts'
import { FakeProcess, TemporaryRegistry } from './testing/fake-process.ts'

const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }
const storage = new LocalDirectoryStorage()
const clock = new SystemClock()
const id = '68d36920aa7d95fa82a2bd9c20354edf'
const otherId = '68e0000000000000000000000000000f'

let registry: TemporaryRegistry
let job: FakeJob
let published: PublishedJob[]

beforeEach(async () => {
  registry = new TemporaryRegistry()
  published = []
  job = await publish(id, 'Kafka feeder')
})
afterEach(async () => {
  await Promise.all(published.map((each) => each.end()))
  registry[Symbol.dispose]()
})

async function publish(jobId: string, name: string): Promise<FakeJob> {
  const fake = new FakeJob(jobId, name)
  const parts = { registry, storage, clock, logger: quiet, port: 0, log: undefined }
  published.push(await PublishedJob.publish(fake, parts))
  return fake
}

interface Ended {
  readonly status: number
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
}

async function millrace(line: string, env: Record<string, string> = {}): Promise<Ended> {
  const io = new FakeProcess({ clock, env })
  const prepareJob = () => Promise.reject(new Error('no job is run here'))
  const status = await main(line.split(' '), { io, version: '1', prepareJob, registry, storage })
  const lines = (text: string): readonly string[] => (text === '' ? [] : text.trimEnd().split('\n'))
  return { status, stdout: lines(io.written.stdout), stderr: lines(io.written.stderr) }
}

const savepoint = '/tmp/sp/savepoint-68d369-97e90173b11b'

describe('prints what Flink prints:', () => {
  test('savepoint', async () => {
    expect(await millrace(`savepoint ${id} file:///tmp/sp`)).toEqual({
      status: 0,
      stdout: [
        `Triggering savepoint for job ${id}.`,
        'Waiting for response...',
        `Savepoint completed. Path: ${savepoint}`,
        'You can resume your program from this savepoint with the run command.',
      ],
      stderr: [],
    })
    expect(job.asked).toEqual(['savepoint /tmp/sp'])
  })

  test('checkpoint', async () => {
    expect(await millrace(`checkpoint ${id}`)).toEqual({
      status: 0,
      stdout: [
        `Triggering checkpoint for job ${id}.`,
        'Waiting for response...',
        `Checkpoint 2 for job ${id} completed.`,
        'You can resume your program from this checkpoint with the run command.',
      ],
      stderr: [],
    })
  })

  test('stop --drain', async () => {
    expect(await millrace(`stop --savepointPath file:///tmp/sp --drain ${id}`)).toEqual({
      status: 0,
      stdout: [
        `Draining job "${id}" with a CANONICAL savepoint.`,
        `Triggering stop-with-savepoint for job ${id}.`,
        'Waiting for response...',
        `Savepoint completed. Path: ${savepoint}`,
      ],
      stderr: [],
    })
    expect(job.asked).toEqual(['drain /tmp/sp'])
  })

  test('stop', async () => {
    const { stdout } = await millrace(`stop ${id} -p /tmp/sp`)
    expect(stdout[0]).toBe(`Suspending job "${id}" with a CANONICAL savepoint.`)
    expect(job.asked).toEqual(['stop /tmp/sp'])
  })

  test('cancel', async () => {
    job.endsOnCancel = true
    expect(await millrace(`cancel ${id}`)).toEqual({
      status: 0,
      stdout: [`Cancelling job ${id}.`, `Cancelled job ${id}.`],
      stderr: [],
    })
  })

  test('cancel -s', async () => {
    job.endsOnCancel = true
    expect(await millrace(`cancel -s file:///tmp/sp ${id}`)).toEqual({
      status: 0,
      stdout: [
        'DEPRECATION WARNING: Cancelling a job with savepoint is deprecated. Use "stop" instead.',
        `Cancelling job ${id} with CANONICAL savepoint to file:///tmp/sp.`,
        `Cancelled job ${id}. Savepoint stored in ${savepoint}.`,
      ],
      stderr: [],
    })
    expect(job.status).toBe('CANCELED')
  })

  test('list', async () => {
    const other = await publish(otherId, 'Failing Job')
    other.status = 'CREATED'
    const time = '\\d\\d\\.11\\.2023 \\d\\d:\\d\\d:20'
    const running = [
      'Waiting for response...',
      '------------------ Running/Restarting Jobs -------------------',
      expect.stringMatching(new RegExp(`^${time} : ${id} : Kafka feeder \\(RUNNING\\)$`)),
      '--------------------------------------------------------------',
    ]
    const scheduled = [
      '----------------------- Scheduled Jobs -----------------------',
      expect.stringMatching(new RegExp(`^${time} : ${otherId} : Failing Job \\(CREATED\\)$`)),
      '--------------------------------------------------------------',
    ]
    expect(await millrace('list')).toEqual({ status: 0, stdout: [...running, ...scheduled], stderr: [] })
    expect(await millrace('list -r')).toEqual({ status: 0, stdout: running, stderr: [] })
    other.end('FINISHED')
    await published[1]!.end()
    expect((await millrace('list')).stdout).toEqual([...running, 'No scheduled jobs.'])
    expect((await millrace('list -a')).stdout).toEqual([
      ...running,
      'No scheduled jobs.',
      '---------------------- Terminated Jobs -----------------------',
      expect.stringMatching(new RegExp(`^${time} : ${otherId} : Failing Job \\(FINISHED\\)$`)),
      '--------------------------------------------------------------',
    ])
  })

  test('list without jobs', async () => {
    job.end('CANCELED')
    await published[0]!.end()
    published = []
    expect((await millrace('list')).stdout).toEqual([
      'Waiting for response...',
      'No running jobs.',
      'No scheduled jobs.',
    ])
  })
})

test('rescale shows before and after, and what it could not change', async () => {
  const ranges = Array.from({ length: 16 }, (_, i) => [i * 8, i * 8 + 7] as const)
  const count: RescaledVertex = {
    name: 'count',
    before: {
      parallelism: 2,
      keyGroupRanges: [
        [0, 63],
        [64, 127],
      ],
      stateBytes: [1_572_864, 512],
    },
    after: { parallelism: 16, keyGroupRanges: ranges, stateBytes: ranges.map((_, i) => i * 1_024) },
  }
  const scale = { parallelism: 1, keyGroupRanges: undefined, stateBytes: [0] }
  const source: RescaledVertex = { name: 'Source: numbers', before: scale, after: scale }
  job.rescaled = { durationMs: 1_234, vertices: [source, count], unchangedOperators: ['numbers'] }
  expect(await millrace(`rescale 68D3 -p 16`)).toEqual({
    status: 0,
    stdout: [
      `Rescaling job ${id} to parallelism 16.`,
      'Waiting for response...',
      `Job ${id} runs at parallelism 16, after 1.2 s.`,
      'vertex                   par.  key groups            state per subtask',
      'Source: numbers  before     1',
      '                 after      1',
      'count            before     2  0-63, 64-127          1.5 MB, 512 B',
      '                 after     16  0-7, 8-15, … 120-127  0 B to 15.0 KB, 120.0 KB together',
      'Not changed, since code sets their parallelism: "numbers"',
    ],
    stderr: [],
  })
  expect(job.asked).toEqual(['rescale 16'])
})

test('Under --json each command prints one object', async () => {
  job.endsOnCancel = true
  const json = async (line: string): Promise<unknown> => {
    const { stdout, stderr } = await millrace(`${line} --json`)
    expect({ lines: stdout.length, stderr }).toEqual({ lines: 1, stderr: [] })
    return JSON.parse(stdout[0]!)
  }
  expect(await json(`savepoint ${id} /tmp/sp`)).toEqual({ jobId: id, path: savepoint })
  expect(await json(`checkpoint ${id}`)).toEqual({ jobId: id, checkpointId: 2 })
  expect(await json('list')).toEqual({
    jobs: [{ id, name: 'Kafka feeder', status: 'RUNNING', pid: 1, startTimeMs: 1_700_000_000_000 }],
  })
  expect(await json(`rescale ${id} -p 3`)).toEqual({
    jobId: id,
    parallelism: 3,
    durationMs: 0,
    vertices: [],
    unchangedOperators: [],
  })
  expect(await json(`cancel ${id}`)).toEqual({ jobId: id })
})

describe('a failure is told in two lines, with the status', () => {
  test('2 for a savepoint without a directory', async () => {
    expect(await millrace(`savepoint ${id}`)).toEqual({
      status: 2,
      stdout: [`Triggering savepoint for job ${id}.`, 'Waiting for response...'],
      stderr: [
        'error: Cannot take a savepoint of job "fake" without a directory',
        'hint: name a directory, or set execution.checkpointing.savepoint-dir when the job is run',
      ],
    })
  })

  test('1 for a savepoint that failed', async () => {
    job.savepointFailure = new ClusterError(
      'SAVEPOINT_FAILED',
      'Cannot take a savepoint: the disk is full. Free space.',
    )
    const { status, stderr } = await millrace(`savepoint ${id} /tmp/sp`)
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: ['error: Cannot take a savepoint: the disk is full.', 'hint: Free space.'],
    })
  })

  test('1 for a rescaling that was refused', async () => {
    job.rescaled = new ClusterError('RESCALE_REFUSED', 'Cannot rescale to 300: maxParallelism is 128')
    const { status, stderr } = await millrace(`rescale ${id} -p 300 --json`)
    expect(status).toBe(1)
    expect(stderr.map((line) => JSON.parse(line))).toEqual([
      {
        type: 'error',
        code: 'RESCALE_REFUSED',
        message: 'Cannot rescale to 300: maxParallelism is 128',
        hint: 'nothing was stopped: the job runs on as it was',
      },
    ])
  })

  test.each(['savepoint', 'checkpoint', 'stop', 'cancel'])('1 for %s of a job that does not run', async (command) => {
    expect(await millrace(`${command} 00000000000000000000000000000000`)).toEqual({
      status: 1,
      stdout: [],
      stderr: [
        `error: No running job has the id "00000000000000000000000000000000"; those that run: ${id} (Kafka feeder)`,
        'hint: millrace list shows the jobs that run',
      ],
    })
  })

  test('1 for an id that means two jobs, which are named', async () => {
    await publish(otherId, 'Failing Job')
    const { status, stderr } = await millrace('checkpoint 68')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: [
        `error: The job id "68" matches 2 running jobs: ${id} (Kafka feeder), ${otherId} (Failing Job)`,
        'hint: give more digits of the id',
      ],
    })
    expect((await millrace('checkpoint 68d')).status).toBe(0)
  })

  test('1 for a job that has ended', async () => {
    job.end('FINISHED')
    await published[0]!.end()
    published = []
    const { status, stderr } = await millrace('cancel 68d')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: [
        `error: Job ${id} (Kafka feeder) does not run any more: it is FINISHED`,
        'hint: millrace list -a shows the jobs that have ended',
      ],
    })
  })

  test('1 for a savepoint to remove that is none, or is not there', async () => {
    const { status, stderr } = await millrace(`savepoint -d ${join(tmpdir(), 'no-such-savepoint')}`)
    expect({ status, count: stderr.length }).toEqual({ status: 1, count: 2 })
    expect(stderr[0]).toMatch(/^error: .*no-such-savepoint/)
  })
})

describe('-m', () => {
  const address = async (): Promise<{ port: number; token: string }> => {
    const [{ port, token } = {}] = await registry.list()
    return { port: port!, token: token! }
  }

  test('speaks to the job at an address, with its token', async () => {
    const { port, token } = await address()
    expect((await millrace(`checkpoint 68 -m localhost:${port} --token ${token}`)).status).toBe(0)
    expect((await millrace(`checkpoint 68 -m 127.0.0.1:${port}`, { MILLRACE_TOKEN: token })).status).toBe(0)
    expect((await millrace(`list -m 127.0.0.1:${port}`)).stdout).toHaveLength(5)
    const wrong = await millrace(`checkpoint 68 -m 127.0.0.1:${port} --token wrong`)
    expect({ status: wrong.status, stderr: wrong.stderr }).toEqual({
      status: 1,
      stderr: [
        `error: The job at 127.0.0.1:${port} refuses the token.`,
        'hint: Give its own by --token or MILLRACE_TOKEN.',
      ],
    })
  })

  test('needs a token for a job that is not registered', async () => {
    const { status, stderr } = await millrace('list -m localhost:1')
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: ['error: the token of the job at localhost:1 is not known', 'hint: give it by --token or MILLRACE_TOKEN'],
    })
  })

  test('says that nobody is there', async () => {
    const { status, stderr } = await millrace('list -m 127.0.0.1:1 --token t')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: [
        expect.stringMatching(/^error: Cannot reach the job at 127\.0\.0\.1:1: .*ECONNREFUSED/),
        'hint: millrace list shows whether it runs',
      ],
    })
  })
})
