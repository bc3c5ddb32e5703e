import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { registryDirectory } from './job-registry.ts'
import type { RegisteredJob } from './registered-job.ts'
import { TemporaryRegistry } from './testing/fake-process.ts'

let registry: TemporaryRegistry
beforeEach(() => {
  registry = new TemporaryRegistry()
})
afterEach(() => registry[Symbol.dispose]())

function job(number: number, endTimeMs?: number): Omit<RegisteredJob, 'host' | 'pid' | 'startedAt'> {
  const id = String(number).padStart(32, '0')
  const access = endTimeMs === undefined ? { port: 8081, token: 'secret' } : { port: undefined, token: undefined }
  return {
    id,
    name: `job ${number}`,
    startTimeMs: 1_000 + number,
    endTimeMs,
    status: endTimeMs === undefined ? 'RUNNING' : 'FINISHED',
    log: undefined,
    ...access,
  }
}

const names = async (): Promise<readonly string[]> => (await registry.list()).map(({ name }) => name)

describe('the registry of jobs', () => {
  test('gives back what was put, by the time of the start', async () => {
    await registry.put(job(2))
    await registry.put(job(1, 5_000))
    expect(await registry.list()).toEqual([
      { ...job(1, 5_000), host: 'here', pid: 1, startedAt: 'then' },
      { ...job(2), host: 'here', pid: 1, startedAt: 'then' },
    ])
  })

  test('replaces an entry as a whole, and leaves nothing beside it', async () => {
    await registry.put(job(1))
    await registry.put(job(1, 5_000))
    expect(readdirSync(registry.directory)).toEqual([`${job(1).id}.json`])
    expect(readFileSync(join(registry.directory, `${job(1).id}.json`), 'utf8')).not.toContain('secret')
  })

  test('can be read by its user only', async () => {
    await registry.put(job(1))
    expect(statSync(registry.directory).mode & 0o777).toBe(0o700)
    expect(statSync(join(registry.directory, `${job(1).id}.json`)).mode & 0o777).toBe(0o600)
  })

  test('sweeps jobs whose process is gone, but not those that have ended', async () => {
    registry.processes.pid = 7
    await registry.put(job(1))
    await registry.put(job(2, 5_000))
    registry.processes.pid = 8
    await registry.put(job(3))
    registry.processes.dead.add(7)
    expect(await names()).toEqual(['job 2', 'job 3'])
    expect(readdirSync(registry.directory)).toHaveLength(2)
  })

  test('remembers the fifty jobs that have ended last', async () => {
    for (let i = 0; i < 52; i++) await registry.put(job(i, 10_000 - i))
    await registry.put(job(60))
    const all = await names()
    expect(all).toHaveLength(51)
    expect([all[0], all[49], all[50]]).toEqual(['job 0', 'job 49', 'job 60'])
  })

  test.each([
    ['is no JSON', '{'],
    ['is no object', '17'],
    ['has another id than its name', JSON.stringify({ ...job(2), host: 'here', pid: 1 })],
    ['has no pid', JSON.stringify({ ...job(1), host: 'here' })],
    ['is of another machine', JSON.stringify({ ...job(1), host: 'there', pid: 1 })],
  ])('leaves alone what %s', async (_what, text) => {
    await registry.put(job(3))
    writeFileSync(join(registry.directory, `${job(1).id}.json`), text)
    expect(await names()).toEqual(['job 3'])
    expect(readdirSync(registry.directory)).toHaveLength(2)
  })

  test('is empty where there is none', async () => {
    expect(await registry.list()).toEqual([])
  })

  test('says where it cannot be written', async () => {
    writeFileSync(registry.directory, '')
    await expect(registry.put(job(1))).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      message: expect.stringMatching(/^Cannot write the jobs registered in .*\/jobs: /),
    })
  })
})

test.each([
  [{ MILLRACE_HOME: '/m', XDG_STATE_HOME: '/s' }, /^\/m\/jobs$/],
  [{ XDG_STATE_HOME: '/s' }, /^\/s\/millrace\/jobs$/],
  [{ XDG_STATE_HOME: 'relative' }, /^\/.*\/\.local\/state\/millrace\/jobs$/],
  [{}, /^\/.*\/\.local\/state\/millrace\/jobs$/],
])('With %j jobs are registered in %s', (env, directory) => {
  expect(registryDirectory(env)).toMatch(directory)
})
