import { SimulatedClock } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import type { FormatContext } from '../../kafka/formats/format-not-ready.ts'
import type { SchemaRegistryOptions } from '../schema-registry-options.ts'
import { FakeRegistry } from '../testing/fake-registry.ts'
import { formatContext } from '../testing/prepared.ts'
import { WaitingClock } from '../testing/waiting-clock.ts'
import { RegistryConnection } from './registry-connection.ts'
import { registrySettings } from './registry-settings.ts'

const schema = '"string"'

/** Asks for schema 1. */
function asking(options: SchemaRegistryOptions, context: FormatContext = formatContext()) {
  const connection = new RegistryConnection(registrySettings({ retryBackoffMs: 1, retryTimeoutMs: 2_000, ...options }))
  return () => connection.ask('fetch schema 1', { method: 'GET', path: '/schemas/ids/1' }, context)
}

test('Failures of a server are tried again: statuses, connections that end, answers that do not come', async () => {
  await using registry = await FakeRegistry.start()
  registry.register('s', { schema })
  registry.failures.push(500, 503, 429, 'cut', 'hang')
  const clock = new WaitingClock(100)
  registry.onHang = () => clock.passTimeouts()
  const ask = asking({ url: registry.url, requestTimeoutMs: 100 }, formatContext({ clock }))
  expect(await ask()).toEqual({ status: 200, body: { schema }, url: registry.url })
  expect(registry.requests.length).toBe(6)
  expect(clock.waits).toEqual([1, 2, 4, 8, 16])
})

test('Refusals are answers', async () => {
  await using registry = await FakeRegistry.start()
  const answer = await asking({ url: registry.url })()
  expect(answer).toEqual({
    status: 404,
    body: { error_code: 40403, message: 'Schema 1 not found' },
    url: registry.url,
  })
})

test('Another URL takes over at once, and is the first to be asked from then on', async () => {
  await using first = await FakeRegistry.start()
  await using second = await FakeRegistry.start()
  for (const each of [first, second]) each.register('s', { schema })
  first.failures.push(500)
  const clock = new SimulatedClock()
  const ask = asking({ url: [first.url, second.url] }, formatContext({ clock }))
  expect((await ask()).url).toBe(second.url)
  expect((await ask()).url).toBe(second.url)
  second.failures.push('cut')
  expect((await ask()).url).toBe(first.url)
  expect([first.requests.length, second.requests.length]).toEqual([2, 3])
  expect(clock.monotonicMs()).toBe(0)
})

test('When the time is over, all URLs are named with what was wrong there', async () => {
  await using registry = await FakeRegistry.start()
  const gone = await FakeRegistry.start()
  await gone[Symbol.asyncDispose]()
  registry.failures.push(...Array.from({ length: 100 }, () => 503))
  const url = `${registry.url.replace('//', '//me:secret@')},${gone.url}`
  const clock = new WaitingClock(10_000)
  const ask = asking({ url, retryTimeoutMs: 20 }, formatContext({ clock }))
  const failure: unknown = await ask().catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'REGISTRY_UNREACHABLE', facts: { urls: [registry.url, gone.url] } })
  const { message } = failure as Error
  expect(message).toContain(`${registry.url}: status 503: Error in the backend; ${gone.url}: connect ECONNREFUSED`)
  expect(message).not.toContain('secret')
})

test('Waits double up to their limit', async () => {
  const gone = await FakeRegistry.start()
  await gone[Symbol.asyncDispose]()
  const clock = new WaitingClock(10_000)
  const options = { url: gone.url, retryBackoffMs: 100, retryBackoffMaxMs: 500, retryTimeoutMs: 2_000 }
  await expect(asking(options, formatContext({ clock }))()).rejects.toThrow('in 1.7 s of trying')
  expect(clock.waits).toEqual([100, 200, 400, 500, 500])
})

test('A job that ends waits for nothing', async () => {
  await using registry = await FakeRegistry.start()
  registry.failures.push('hang')
  const canceled = new AbortController()
  const answer = asking({ url: registry.url }, formatContext({ signal: canceled.signal }))()
  canceled.abort(new Error('canceled'))
  await expect(answer).rejects.toThrow('canceled')
  const late = asking({ url: registry.url }, formatContext({ signal: canceled.signal }))()
  await expect(late).rejects.toThrow('canceled')
})

test.each([
  [{ auth: { username: 'me', password: 'a:ä' } }, 'Basic bWU6YTrDpA=='],
  [{ auth: { bearerToken: 't0k3n' } }, 'Bearer t0k3n'],
])('Who asks is told by %j', async (options, authorization) => {
  await using registry = await FakeRegistry.start()
  registry.register('s', { schema })
  registry.authorization = authorization
  expect((await asking({ url: registry.url, ...options, headers: { 'x-more': 'yes' } })()).status).toBe(200)
  expect(registry.headers).toMatchObject({ authorization, 'x-more': 'yes' })
  expect((await asking({ url: registry.url })()).status).toBe(401)
})

test('A user may be named by the URL', async () => {
  await using registry = await FakeRegistry.start()
  registry.register('s', { schema })
  registry.authorization = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
  const answer = await asking({ url: `${registry.url.replace('//', '//me:p%40ss@')}/` })()
  expect(answer).toEqual({ status: 200, body: { schema }, url: registry.url })
})
