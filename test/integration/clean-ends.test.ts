import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { JobDirectory } from './cli/job-directory.ts'
import { Millrace, millrace } from './cli/millrace.ts'

// Each is a process with threads of its own, and whoever runs the tests may have two cores.
vi.setConfig({ maxConcurrency: 3 })

/** `args[0]` says how it ends; every subtask says so on stdout, some time after it was asked to close. */
const job = `
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer } from 'node:net'
import { defineJob, type RichMapFunction } from '@millrace/runtime'

class Announces implements RichMapFunction<number, number> {
  readonly #how: string | undefined
  constructor(how: string | undefined) { this.#how = how }
  open() {
    // What a user may leave behind: a timer and an open port.
    setInterval(() => {}, 10)
    createServer().listen(0, '127.0.0.1')
    process.stderr.write('opened\\n')
  }
  map(n: number) {
    if (n === 2_000 && this.#how === 'fails') throw new Error('on purpose')
    return n
  }
  async close() {
    await sleep(30)
    console.log('closed')
  }
}

export default defineJob('ends', (env, [how]) => {
  const last = how === 'finishes' ? 1_000 : how === 'fails' ? 4_000 : Number.MAX_SAFE_INTEGER
  env.fromSequence(1, last).map(new Announces(how)).filter(() => false).rebalance().map((n) => n).print()
})
`
const lines = `
import { defineJob } from '@millrace/runtime'
export default defineJob('lines', (env, [count]) => {
  env.fromSequence(1, Number(count)).map((n) => n + ' ' + 'x'.repeat(1_000)).print()
})
`
const program = `
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '@millrace/runtime'
const how = process.argv[2]
const abort = new AbortController()
await using job = await run(new URL('./job.ts', import.meta.url), { args: [how], parallelism: 2, signal: abort.signal })
if (how === 'aborts') {
  while (job.metrics().vertices[0].subtaskStates.RUNNING !== 2) await sleep(10)
  abort.abort()
}
if (how !== 'leaves') console.log(await job.result.then(({ status }) => status, ({ code }) => code))
`

let directory: JobDirectory
beforeAll(() => {
  directory = new JobDirectory({ 'job.ts': job, 'lines.ts': lines, 'program.ts': program })
})
afterAll(() => directory[Symbol.dispose]())

/** Whether a process group has a living member: the bundler's helper would be one. */
function isAlive(group: number | undefined): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      const [state, , processGroup] = statOf(pid)
        .replace(/^.*\) /s, '')
        .split(' ')
      // The dead may wait for init to look after them.
      return Number(processGroup) === group && state !== 'Z' && state !== 'X'
    })
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return ''
  }
}

/** The helper sees only by the end of its input that it is alone. */
async function nothingLeft(group: number | undefined): Promise<void> {
  const deadlineMs = performance.now() + 2_000
  while (isAlive(group) && performance.now() < deadlineMs) await sleep(20)
  expect(isAlive(group)).toBe(false)
}

/** What was opened was closed: as often, whatever had been opened when the end came. */
function closedAsOpened(stdout: string, stderr: string): void {
  const opened = stderr.split('opened\n').length - 1
  expect(stdout.split('closed\n').length - 1).toBe(opened)
}

describe('However a job ends, its functions are closed, the status tells, and nothing is left:', {
  concurrent: true,
}, () => {
  test.each([
    ['when its input ends', 'finishes', [], 0],
    ['when it fails', 'fails', [], 1],
    ['after SIGINT', 'runs on', ['SIGINT'], 130],
    ['after SIGTERM', 'runs on', ['SIGTERM'], 143],
  ] as const)('%s', async (_, how, signals, status) => {
    const run = new Millrace(['run', 'job.ts', '-p', '2', '--', how], { cwd: directory.path, ownGroup: true })
    if (signals.length > 0) await run.until(({ stderr }) => stderr.split('opened').length === 3)
    const startMs = performance.now()
    for (const signal of signals) run.child.kill(signal)
    const ended = await run.ended
    expect({ status: ended.status, signal: ended.signal }).toEqual({ status, signal: null })
    closedAsOpened(ended.stdout, ended.stderr)
    if (signals.length > 0) expect(performance.now() - startMs).toBeLessThan(5_000)
    await nothingLeft(run.child.pid)
  })

  test('at once, when SIGINT comes twice', async () => {
    const run = new Millrace(['run', 'job.ts', '--', 'runs on'], { cwd: directory.path, ownGroup: true })
    await run.until(({ stderr }) => stderr.includes('opened'))
    run.child.kill('SIGINT')
    await sleep(100)
    run.child.kill('SIGINT')
    expect(await run.ended).toMatchObject({ status: 130, signal: null })
    await nothingLeft(run.child.pid)
  })

  test.each([
    ['finishes', 'FINISHED\n'],
    ['fails', 'JOB_FAILED\n'],
    ['aborts', 'CANCELED\n'],
    ['leaves', ''],
  ])('in a program that calls run() and that %s', async (how, stdout) => {
    const child = spawn(process.execPath, ['program.ts', how], {
      cwd: directory.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
      detached: true,
    })
    let text = ''
    let stderr = ''
    child.stdout.on('data', (data) => {
      text += data
    })
    child.stderr.on('data', (data) => {
      stderr += data
    })
    const [status] = await once(child, 'close')
    expect({ status, text: text.replaceAll('closed\n', '') }).toEqual({ status: 0, text: stdout })
    closedAsOpened(text, stderr)
    await nothingLeft(child.pid)
  })
})

describe('The reader of a job', { concurrent: true }, () => {
  test('may leave early, as head does: the job is canceled, without a word of error', async () => {
    const run = new Millrace(['run', 'lines.ts', '--', '100000000'], { cwd: directory.path, ownGroup: true })
    await run.until(({ stdout }) => stdout.includes('\n'))
    const startMs = performance.now()
    run.child.stdout?.destroy()
    const { status, stderr } = await run.ended
    expect(status).toBe(141)
    expect(stderr).not.toMatch(/error|EPIPE/i)
    expect(performance.now() - startMs).toBeLessThan(5_000)
    await nothingLeft(run.child.pid)
  })

  test('may be slow: nothing is lost, and what waits for it is bounded', async () => {
    const count = 200_000
    const child = spawn('sh', ['-c', `sleep 2; exec wc -lc`], { stdio: ['pipe', 'pipe', 'inherit'] })
    const run = new Millrace(['run', 'lines.ts', '-p', '1', '--', `${count}`], {
      cwd: directory.path,
      stdout: child.stdin,
    })
    child.stdin.destroy()
    let counted = ''
    child.stdout.on('data', (data) => {
      counted += data
    })
    await sleep(1_900)
    const residentMiB =
      Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${run.child.pid}/status`, 'utf8'))?.[1]) / 1024
    const [{ status }] = await Promise.all([run.ended, once(child, 'close')])
    const digits = Array.from({ length: count }, (_, i) => `${i + 1}`.length).reduce((a, b) => a + b)
    expect({ status, counted: counted.trim().split(/\s+/).map(Number) }).toEqual({
      status: 0,
      counted: [count, digits + count * ' \n'.length + count * 1_000],
    })
    // All of it would be 200 MB.
    expect(residentMiB).toBeLessThan(300)
  })
})

test('A full disk behind stdout fails the job: what it printed is data', async () => {
  const full = openSync('/dev/full', 'w')
  const { status, stderr } = await millrace(['run', 'lines.ts', '--', '10'], { cwd: directory.path, stdout: full })
  closeSync(full)
  expect(status).toBe(1)
  expect(stderr).toMatch(/^error: Job "lines" failed: .* standard output: ENOSPC.*\nhint: make room/m)
})

test('A signal that comes before the job runs ends the program', async () => {
  const run = new Millrace(['run', 'job.ts', '--', 'runs on'], { cwd: directory.path })
  await sleep(150)
  run.child.kill('SIGINT')
  const { status, signal } = await run.ended
  expect([130, 'SIGINT']).toContain(status ?? signal)
})

test('Sixteen subtasks, each connected to each, start and end promptly', async () => {
  directory.write(
    'wide.ts',
    `import { defineJob } from '@millrace/runtime'
     export default defineJob('wide', (env) => {
       env.fromSequence(1, 160_000).rebalance().map((n) => n % 1_000).keyBy((n) => n).reduce((a) => a).uid('sums').filter(() => false).print()
     })`,
  )
  const startMs = performance.now()
  const { status, stderr } = await millrace(['run', 'wide.ts', '-p', '16'], { cwd: directory.path })
  expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('FINISHED') })
  expect(performance.now() - startMs).toBeLessThan(15_000)
})

test('What throws in a thread whose subtasks have ended is a warning, and the job goes on', async () => {
  directory.write(
    'stray.ts',
    `import { defineJob } from '@millrace/runtime'
     export default defineJob('stray', (env) => {
       env.fromElements(1).slotSharingGroup('early')
         .map({ map: (n: number) => n, close: () => void setTimeout(() => { throw new Error('left behind') }, 100) }).slotSharingGroup('early')
         .rebalance()
         .map({ map: (n: number) => n, close: () => new Promise<void>((resolve) => setTimeout(resolve, 1_000)) }).slotSharingGroup('late')
         .print().slotSharingGroup('late')
     })`,
  )
  const { status, stdout, stderr } = await millrace(['run', 'stray.ts'], { cwd: directory.path })
  expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: '1\n' })
  expect(stderr).toMatch(/WARN .*after the subtasks of its thread had ended.*left behind/)
})
