// A process that is killed, and the run that goes on where it was.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { GatedJobs, gatedCountJob, lastCounts } from './gated-jobs.ts'
import { millrace } from './millrace.ts'

const end = 3_000
const jobs = new GatedJobs(end)
afterAll(() => jobs[Symbol.dispose]())

const checkpoints = join(jobs.directory, 'checkpoints')
const properties = [
  ...['-D', `execution.checkpointing.dir=${checkpoints}`],
  ...['-D', 'execution.checkpointing.interval=1 h'],
  ...['-D', 'execution.checkpointing.externalized-checkpoint-retention=RETAIN_ON_CANCELLATION'],
]

describe('millrace run --resume', () => {
  test('starts fresh and says so where there is no checkpoint, goes on after a SIGKILL, and never runs twice', async () => {
    const first = jobs.run('first', 0, '--resume', '-p', '2', '--log-level', 'info', ...properties)
    const id = await first.id()
    expect(first.process.stderr).toMatch(/no .*checkpoint/i)
    await first.goTo(1_000)
    await jobs.succeed('checkpoint', id)
    await first.goTo(2_000)

    const args = ['run', '--resume', ...properties, gatedCountJob, '--', join(jobs.directory, 'first'), String(end)]
    const refused = await millrace(args, { env: jobs.env })
    expect({ status: refused.status, stdout: refused.stdout }).toEqual({ status: 1, stdout: '' })
    expect(refused.stderr).toMatch(new RegExp(`^error: .*gated-count.*${id}`, 's'))

    first.process.child.kill('SIGKILL')
    await first.process.ended
    expect(readdirSync(checkpoints)).toContain(id)
    expect(JSON.parse((await jobs.succeed('list', '-a', '--json')).stdout)).toEqual({ jobs: [] })

    const second = jobs.run('second', 1_000, '--resume', '-p', '3', ...properties)
    const secondId = await second.id()
    expect(secondId).not.toBe(id)
    await second.goTo(2_000)
    // What was counted after the checkpoint is counted anew, and nothing before it.
    expect(second.process.stdout.split('\n').filter((line) => line.includes('key-'))).toHaveLength(1_000)
    second.open(end)
    expect((await second.process.ended).status, second.process.stderr).toBe(0)
    expect([...lastCounts(second.process.stdout).values()]).toEqual(Array.from({ length: 100 }, () => end / 100))
  }, 120_000)
})
