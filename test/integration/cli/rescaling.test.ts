// The commands of a rescaling with real processes: what is counted, and what is kept, does not depend on the parallelism.
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Ended, Millrace, millrace } from './millrace.ts'

const job = fileURLToPath(new URL('../jobs/gated-count.job.ts', import.meta.url))
const end = 4_000

let directory: string
let env: Readonly<Record<string, string>>
beforeAll(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-rescaling-')))
  env = { MILLRACE_HOME: join(directory, 'home') }
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs a command that has to succeed. */
async function succeed(...args: readonly string[]): Promise<Ended> {
  const ended = await millrace(args, { env, timeoutMs: 60_000 })
  expect({ status: ended.status, stderr: ended.stderr }, args.join(' ')).toEqual({ status: 0, stderr: '' })
  return ended
}

const jobIdIn = ({ stderr }: Millrace): string =>
  /^Job has been submitted with JobID ([0-9a-f]{32})$/m.exec(stderr)?.[1] ?? ''

/** A run of the job, and how far it may go. */
class Run {
  readonly #gate: string
  readonly process: Millrace

  constructor(name: string, gate: number, ...options: readonly string[]) {
    this.#gate = join(directory, name)
    writeFileSync(this.#gate, String(gate))
    this.process = new Millrace(['run', ...options, job, '--', this.#gate, String(end)], { env, timeoutMs: 120_000 })
  }

  async id(): Promise<string> {
    await this.process.until((run) => jobIdIn(run) !== '')
    return jobIdIn(this.process)
  }

  /** Lets it go on to a number, and waits until all below have been counted. */
  async goTo(gate: number): Promise<void> {
    writeFileSync(this.#gate, String(gate))
    const isThere = (run: Millrace): boolean => {
      const counts = lastCounts(run.stdout)
      return counts.size === 100 && [...counts.values()].every((count) => count === gate / 100)
    }
    await this.process.until(isThere)
    expect(isThere(this.process), this.process.stderr).toBe(true)
  }
}

/** The highest count of each key. */
function lastCounts(stdout: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const [, key = '', text] of stdout.matchAll(/(key-\d\d) (\d+)$/gm)) {
    counts.set(key, Math.max(counts.get(key) ?? 0, Number(text)))
  }
  return counts
}

async function takeSavepoint(id: string): Promise<string> {
  const { stdout } = await succeed('savepoint', id.slice(0, 8), join(directory, 'savepoints'), '--json')
  return (JSON.parse(stdout) as { readonly path: string }).path
}

/** The canonical content of a savepoint. */
async function contentOf(savepoint: string): Promise<string> {
  const file = join(directory, 'export.jsonl')
  await succeed('savepoint', 'inspect', savepoint, '--export', file)
  return readFileSync(file, 'utf8')
}

describe('a job that is rescaled', () => {
  test('from 2 to 5 to 1 to 16 counts as one that is not, and its state is the same at each step', async () => {
    const undisturbed = new Run('undisturbed', end, '-p', '2')
    expect((await undisturbed.process.ended).status, undisturbed.process.stderr).toBe(0)
    const expected = lastCounts(undisturbed.process.stdout)
    expect(expected).toEqual(new Map([...expected.keys()].map((key) => [key, end / 100])))

    const first = new Run('first', 0, '-p', '2', '-D', 'rest.port=0')
    const id = await first.id()
    let gate = 0
    for (const [from, to] of [
      [2, 5],
      [5, 1],
    ] as const) {
      gate += 1_000
      await first.goTo(gate)
      const before = await contentOf(await takeSavepoint(id))
      const { stdout } = await succeed('rescale', id, '-p', String(to))
      expect(stdout).toMatch(new RegExp(`^Job ${id} runs at parallelism ${to}, after \\d+\\.\\d s\\.$`, 'm'))
      expect(stdout).toMatch(new RegExp(`before +${from} .*\\n +after +${to} `))
      expect(await contentOf(await takeSavepoint(id)), `${from} to ${to}`).toBe(before)
    }

    // The last step by the three commands that every job understands.
    await first.goTo(3_000)
    const { stdout } = await succeed('savepoint', id, join(directory, 'savepoints'))
    const [, savepoint = ''] = /^Savepoint completed\. Path: (.*)$/m.exec(stdout) ?? []
    const before = await contentOf(savepoint)
    await succeed('cancel', id)
    await first.process.ended
    const second = new Run('second', 3_000, '-s', savepoint, '-p', '16')
    const secondId = await second.id()
    expect(secondId).not.toBe(id)
    expect(await contentOf(await takeSavepoint(secondId)), '1 to 16').toBe(before)
    writeFileSync(join(directory, 'second'), String(end))
    expect((await second.process.ended).status, second.process.stderr).toBe(0)
    expect(lastCounts(second.process.stdout)).toEqual(expected)

    const list = JSON.parse((await succeed('list', '-a', '--json')).stdout) as {
      jobs: { id: string; status: string }[]
    }
    expect(list.jobs.map((each) => [each.id, each.status])).toEqual(
      expect.arrayContaining([
        [id, 'CANCELED'],
        [secondId, 'FINISHED'],
      ]),
    )
  }, 180_000)

  test('goes on as it was where the new parallelism is refused', async () => {
    const run = new Run('refused', 0, '-p', '1', '-D', 'pipeline.max-parallelism=4')
    const id = await run.id()
    await run.goTo(1_000)
    const { status, stderr } = await millrace(['rescale', id, '-p', '5'], { env })
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^error: .*5.*\nhint: /) })
    await run.goTo(2_000)
    await succeed('cancel', id)
    expect((await run.process.ended).status).not.toBe(0)
  }, 60_000)
})

describe('millrace run -d', () => {
  test('leaves the job in the background, which SIGTERM ends with a savepoint', async () => {
    const gate = join(directory, 'background')
    writeFileSync(gate, '1000')
    const savepoints = join(directory, 'term')
    const property = `execution.checkpointing.savepoint-dir=${savepoints}`
    const started = await millrace(['run', '-d', '-D', property, job, '--', gate, String(end)], { env })
    expect(started).toMatchObject({ status: 0, stderr: expect.stringMatching(/^Its output goes to (.*\.log)\n$/) })
    const [, id = ''] = /^Job has been submitted with JobID ([0-9a-f]{32})\n$/.exec(started.stdout) ?? []
    const [, log = ''] = /goes to (.*)\n/.exec(started.stderr) ?? []
    const entry = JSON.parse(readFileSync(join(directory, 'home', 'jobs', `${id}.json`), 'utf8')) as { pid: number }
    process.kill(entry.pid, 'SIGTERM')
    const isOver = (): boolean => readFileSync(log, 'utf8').includes('FINISHED')
    for (let i = 0; i < 300 && !isOver(); i++) await new Promise((resolve) => setTimeout(resolve, 50))
    const text = readFileSync(log, 'utf8')
    const [savepoint = ''] = readdirSync(savepoints)
    expect(text).toContain(`Savepoint completed. Path: ${join(savepoints, savepoint)}\n`)
    expect(text).toContain('FINISHED')
  }, 60_000)

  test('shows why the job did not start, and ends as it did', async () => {
    const ended = await millrace(['run', '-d', join(directory, 'missing.ts')], { env })
    expect(ended).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: There is no job file/),
    })
  })
})
