import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Logger } from '../base/logger.ts'
import { FakeJob } from '../rest/testing/fake-job.ts'
import { LocalDirectoryStorage } from '../snapshot/local-directory-storage.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { PublishedJob } from './published-job.ts'
import { TemporaryRegistry } from './testing/fake-process.ts'

let registry: TemporaryRegistry
let warnings: string[]
const logger: Logger = { debug() {}, info() {}, warn: (message) => warnings.push(message), error() {} }

beforeEach(() => {
  registry = new TemporaryRegistry()
  warnings = []
})
afterEach(() => registry[Symbol.dispose]())

function publish(job: FakeJob): Promise<PublishedJob> {
  const storage = new LocalDirectoryStorage()
  return PublishedJob.publish(job, { registry, storage, clock: new SimulatedClock(), logger, port: 0, log: '/a.log' })
}

test('A job can be found while it runs, and is remembered without its token when it has ended', async () => {
  const job = new FakeJob()
  const published = await publish(job)
  const process = { host: 'here', pid: 1, startedAt: 'then' }
  const facts = { id: job.id, name: 'fake', startTimeMs: job.startTimeMs, log: '/a.log', ...process }
  expect(await registry.list()).toEqual([
    {
      ...facts,
      status: 'RUNNING',
      endTimeMs: undefined,
      port: expect.any(Number),
      token: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  ])
  const [{ token } = {}] = await registry.list()
  job.end('FINISHED')
  await published.end()
  expect(await registry.list()).toEqual([
    { ...facts, status: 'FINISHED', endTimeMs: job.startTimeMs, port: undefined, token: undefined },
  ])
  expect(readFileSync(join(registry.directory, `${job.id}.json`), 'utf8')).not.toContain(token)
  expect(warnings).toEqual([])
})

test('A job that cannot be registered runs all the same', async () => {
  writeFileSync(registry.directory, 'no directory')
  const job = new FakeJob()
  const published = await publish(job)
  expect(warnings).toEqual([expect.stringMatching(/^Cannot write the jobs registered in /)])
  job.end('FINISHED')
  await published.end()
})
