import { appendFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import type { DetachedStart } from './detached-process.ts'
import { main } from './main.ts'
import { FakeProcess, TemporaryRegistry } from './testing/fake-process.ts'

const jobId = '0123456789abcdef0123456789abcdef'

let registry: TemporaryRegistry
beforeEach(() => {
  registry = new TemporaryRegistry()
})
afterEach(() => registry[Symbol.dispose]())

/** Runs the command with a process in the background that does what `start` says. */
async function detached(line: string, start: (log: string) => Promise<DetachedStart>) {
  const started: { readonly argv: readonly string[]; readonly log: string }[] = []
  let abandoned = 0
  const io = new FakeProcess({
    async startDetached(argv, log) {
      started.push({ argv, log })
      return { start: start(log), abandon: () => abandoned++ }
    },
  })
  const prepareJob = () => Promise.reject(new Error('the job runs elsewhere'))
  const parts = { io, version: '1', prepareJob, registry, storage: new LocalDirectoryStorage() }
  const status = main(line.split(' '), parts)
  while (started.length === 0) await nextTurn()
  return { io, status, abandoned: () => abandoned, ...started[0]! }
}

describe('millrace run -d', () => {
  test('starts the same command in the background, and says where to find it', async () => {
    const line = 'run -d -p 2 job.ts -- x'
    const { io, status, argv, log } = await detached(line, async () => ({ kind: 'submitted', jobId }))
    expect(await status).toBe(0)
    expect(argv).toEqual(line.split(' '))
    expect(io.written).toEqual({
      stdout: `Job has been submitted with JobID ${jobId}\n`,
      stderr: `Its output goes to ${log}\n`,
    })
    expect(log).toMatch(/\/jobs\/logs\/20231114T221320-[0-9a-f]{6}\.log$/)
    expect(statSync(log).mode & 0o777).toBe(0o600)
    expect(io.listenerCount).toBe(0)
  })

  test('prints one object under --json', async () => {
    const { io, status, log } = await detached('run -d --json job.ts', async () => ({ kind: 'submitted', jobId }))
    expect(await status).toBe(0)
    expect(JSON.parse(io.written.stdout)).toEqual({ jobId, log })
    expect(io.written.stderr).toBe('')
  })

  test('shows what a job wrote that did not start, and ends as it did', async () => {
    const { io, status } = await detached('run -d job.ts', async (log) => {
      appendFileSync(log, 'error: no luck\nhint: try again\n')
      return { kind: 'ended', status: 2 }
    })
    expect(await status).toBe(2)
    expect(io.written).toEqual({ stdout: '', stderr: 'error: no luck\nhint: try again\n' })
  })

  test('takes the job along when it is interrupted before that has started', async () => {
    const { promise, resolve } = Promise.withResolvers<DetachedStart>()
    const { io, status, abandoned } = await detached('run -d job.ts', () => promise)
    io.signal('SIGINT')
    expect({ exits: io.exits, abandoned: abandoned() }).toEqual({ exits: [130], abandoned: 1 })
    resolve({ kind: 'ended', status: 1 })
    await status
  })

  test('keeps a hundred logs', async () => {
    for (let i = 0; i < 103; i++) {
      const { status } = await detached('run -d job.ts', async () => ({ kind: 'submitted', jobId }))
      await status
    }
    expect(readdirSync(join(registry.directory, 'logs'))).toHaveLength(100)
  })
})
