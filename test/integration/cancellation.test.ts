import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { run } from '@millrace/runtime'
import { silentLogger } from '@millrace/runtime/testing'
import { describe, expect, test } from 'vitest'

const url = new URL('jobs/unending.job.ts', import.meta.url)
const cli = fileURLToPath(new URL('../../packages/runtime/bin/millrace.js', import.meta.url))

/** Runs the command line, interrupts it after its first sign of life, and answers how it ended. */
async function interrupted(args: readonly string[], signals: number) {
  const child = spawn(process.execPath, [cli, 'run', fileURLToPath(url), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data) => {
    stdout += data
  })
  child.stderr.on('data', (data) => {
    stderr += data
  })
  const exited = once(child, 'exit')
  await sleep(2_000)
  const start = performance.now()
  for (let i = 0; i < signals; i++) {
    child.kill('SIGINT')
    await sleep(100)
  }
  const [code] = await exited
  return { code, stdout, stderr, elapsedMs: performance.now() - start }
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
    const { code, stdout, elapsedMs } = await interrupted(['-p', '2'], 1)
    expect({ code, stdout }).toEqual({ code: 130, stdout: 'closed in order\nclosed in order\n' })
    expect(elapsedMs).toBeLessThan(5_000)
  })

  test('comes within five seconds even if a function never returns', async () => {
    const { code, elapsedMs } = await interrupted(['--', 'stuck'], 1)
    expect(code).toBe(130)
    expect(elapsedMs).toBeLessThan(5_000)
  })

  test('is at once after a second Ctrl-C', async () => {
    const { code, elapsedMs } = await interrupted(['--', 'stuck'], 2)
    expect(code).toBe(130)
    expect(elapsedMs).toBeLessThan(2_000)
  })
})
