// The commands of a rescaling with real processes: what is counted, and what is kept, does not depend on the parallelism.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { GatedJobs, gatedCountJob as job, lastCounts } from './gated-jobs.ts'
import { millrace } from './millrace.ts'

const end = 4_000

const jobs = new GatedJobs(end)
const { directory, env } = jobs
afterAll(() => jobs[Symbol.dispose]())

async function takeSavepoint(id: string): Promise<string> {
  const { stdout } = await jobs.succeed('savepoint', id.slice(0, 8), join(directory, 'savepoints'), '--json')
  return (JSON.parse(stdout) as { readonly path: string }).path
}

/** The canonical content of a savepoint. */
async function contentOf(savepoint: string): Promise<string> {
  const file = join(directory, 'export.jsonl')
  await jobs.succeed('savepoint', 'inspect', savepoint, '--export', file)
  return readFileSync(file, 'utf8')
}

describe('a job that is rescaled', () => {
  test('from 2 to 5 to 1 to 16 counts as one that is not, and its state is the same at each step', async () => {
    const undisturbed = jobs.run('undisturbed', end, '-p', '2')
    expect((await undisturbed.process.ended).status, undisturbed.process.stderr).toBe(0)
    const expected = lastCounts(undisturbed.process.stdout)
    expect(expected).toEqual(new Map([...expected.keys()].map((key) => [key, end / 100])))

    const first = jobs.run('first', 0, '-p', '2', '-D', 'rest.port=0')
    const id = await first.id()
    let gate = 0
    for (const [from, to] of [
      [2, 5],
      [5, 1],
    ] as const) {
      gate += 1_000
      await first.goTo(gate)
      const before = await contentOf(await takeSavepoint(id))
      const { stdout } = await jobs.succeed('rescale', id, '-p', String(to))
      expect(stdout).toMatch(new RegExp(`^Job ${id} runs at parallelism ${to}, after \\d+\\.\\d s\\.$`, 'm'))
      expect(stdout).toMatch(new RegExp(`before +${from} .*\\n +after +${to} `))
      expect(await contentOf(await takeSavepoint(id)), `${from} to ${to}`).toBe(before)
    }

    // The last step by the three commands that every job understands.
    await first.goTo(3_000)
    const { stdout } = await jobs.succeed('savepoint', id, join(directory, 'savepoints'))
    const [, savepoint = ''] = /^Savepoint completed\. Path: (.*)$/m.exec(stdout) ?? []
    const before = await contentOf(savepoint)
    await jobs.succeed('cancel', id)
    await first.process.ended
    const second = jobs.run('second', 3_000, '-s', savepoint, '-p', '16')
    const secondId = await second.id()
    expect(secondId).not.toBe(id)
    expect(await contentOf(await takeSavepoint(secondId)), '1 to 16').toBe(before)
    second.open(end)
    expect((await second.process.ended).status, second.process.stderr).toBe(0)
    expect(lastCounts(second.process.stdout)).toEqual(expected)

    const list = JSON.parse((await jobs.succeed('list', '-a', '--json')).stdout) as {
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
    const run = jobs.run('refused', 0, '-p', '1', '-D', 'pipeline.max-parallelism=4')
    const id = await run.id()
    await run.goTo(1_000)
    const { status, stderr } = await millrace(['rescale', id, '-p', '5'], { env })
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^error: .*5.*\nhint: /) })
    await run.goTo(2_000)
    await jobs.succeed('cancel', id)
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
