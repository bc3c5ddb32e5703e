import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { run } from '@millrace/runtime'
import { silentLogger } from '@millrace/runtime/testing'
import { describe, expect, test } from 'vitest'
import { Millrace } from './cli/millrace.ts'

const url = new URL('jobs/unending.job.ts', import.meta.url)

/** Runs the command line, interrupts it when `subtasks` functions are open, and answers how it ended. */
async function interrupted(args: readonly string[], subtasks: number, signals: number) {
  const run = new Millrace(['run', fileURLToPath(url), ...args])
  await run.until(({ stderr }) => stderr.split('\n').filter((line) => line === 'open').length === subtasks)
  // A signal before the coordinator knows that the slots are deployed would end the process without a word.
  await sleep(200)
  const start = performance.now()
  for (let i = 0; i < signals; i++) {
    run.child.kill('SIGINT')
    // Closer together they would be one, which npm has handed on.
    await sleep(100)
  }
  const { status, stdout } = await run.ended
  return { status, stdout, elapsedMs: performance.now() - start }
}

describe('Cancellation', () => {
  test('closes the functions and ends every thread', async () => {
    await using job = await run(url, { parallelism: 2 })
    await sleep(300)
    await job.cancel()
    expect(job.status).toBe('CANCELED')
    expect((await job.result).status).toBe('CANCELED')
    expect(job.metrics().vertices.map(({ subtaskStates }) => subtaskStates)).toEqual([{ CANCELED: 2 }, { CANCELED: 2 }])
  })

  test.each(['stuck', 'stuck-close'])('ends a job that is %s, and its logger hears of it', async (how) => {
    const warnings: string[] = []
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) }
    await using job = await run(url, { args: [how], logger })
    await sleep(300)
    await job.cancel()
    expect(job.status).toBe('CANCELED')
    expect(warnings).toEqual(['1 subtasks did not close within 3000 ms and were ended by force'])
  })

  test('comes by an AbortSignal', async () => {
    const abort = new AbortController()
    await using job = await run(url, { signal: abort.signal })
    abort.abort()
    expect((await job.result).status).toBe('CANCELED')
  })

  test('comes by Ctrl-C: the functions are closed, what they print is seen, and the process ends', async () => {
    const { status, stdout, elapsedMs } = await interrupted(['-p', '2', '--', 'plain', 'announce'], 2, 1)
    expect({ status, stdout }).toEqual({ status: 130, stdout: 'closed in order\nclosed in order\n' })
    expect(elapsedMs).toBeLessThan(5_000)
  })

  test('comes within five seconds even if a function never returns', async () => {
    const { status, elapsedMs } = await interrupted(['--', 'stuck', 'announce'], 1, 1)
    expect(status).toBe(130)
    expect(elapsedMs).toBeLessThan(5_000)
  })

  test('is at once after a second Ctrl-C', async () => {
    const { status, elapsedMs } = await interrupted(['--', 'stuck', 'announce'], 1, 2)
    expect(status).toBe(130)
    expect(elapsedMs).toBeLessThan(2_000)
  })
})
