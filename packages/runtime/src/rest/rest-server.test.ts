import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Logger } from '../base/logger.ts'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { RestServer } from './rest-server.ts'
import { FakeJob } from './testing/fake-job.ts'

const token = 'secret'
const id = '0123456789abcdef0123456789abcdef'
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} }

let job: FakeJob
let clock: SimulatedClock
let server: RestServer
let disposed: string[]

beforeEach(async () => {
  job = new FakeJob(id)
  clock = new SimulatedClock()
  disposed = []
  server = await start(0)
})
afterEach(async () => {
  const closed = server.close(0)
  clock.advanceTo(clock.monotonicMs())
  await closed
})

function start(port: number): Promise<RestServer> {
  const disposeSavepoint = async (path: string): Promise<void> => void disposed.push(path)
  return RestServer.start({ handle: job, port, token, clock, logger: quiet, disposeSavepoint })
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** What the server answers, with the headers of a command unless others are given; undefined removes one. */
function ask(
  method: string,
  path: string,
  body: unknown = method === 'GET' ? undefined : {},
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const all = {
    authorization: `Bearer ${token}`,
    ...(text !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    }),
    ...headers,
  }
  const given = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return new Promise((resolve, reject) => {
    const port = server.port
    const asked = request({ host: '127.0.0.1', port, method, path, agent: false, headers: Object.fromEntries(given) })
    asked.on('error', reject)
    asked.on('response', async (response) => {
      let answer = ''
      for await (const chunk of response.setEncoding('utf8')) answer += chunk
      resolve({ status: response.statusCode ?? 0, body: answer === '' ? undefined : JSON.parse(answer) })
    })
    asked.end(text)
  })
}

/** Triggers an operation and answers its last status. */
async function operation(method: string, path: string, statusPath: string, body?: unknown): Promise<Answer> {
  const { body: triggered } = await ask(method, path, body)
  const { 'request-id': trigger } = triggered as { 'request-id': string }
  expect(trigger).toMatch(/^[0-9a-f]{32}$/)
  return ask('GET', `${statusPath}/${trigger}`)
}

describe('who may ask', () => {
  test.each([
    ['without a token', { authorization: undefined }, 401, 'The token of the job is needed'],
    ['with another token', { authorization: 'Bearer secrets' }, 401, 'The token of the job is needed'],
    ['with the token in another scheme', { authorization: 'Basic secret' }, 401, 'The token of the job is needed'],
    ['by the name of another host', { host: 'evil.example:8081' }, 403, 'The host "evil.example:8081" is not served'],
    ['by another port', { host: '127.0.0.1:1' }, 403, 'The host "127.0.0.1:1" is not served'],
    ['from a page of another origin', { origin: 'http://evil.example' }, 403, 'from the origin "http://evil.example"'],
    ['from a page without origin', { origin: 'null' }, 403, 'from the origin "null"'],
  ])('nobody %s', async (_who, headers, status, message) => {
    for (const [method, path] of [
      ['GET', '/jobs'],
      ['PATCH', `/jobs/${id}?mode=cancel`],
      ['GET', '/nope'],
    ] as const) {
      const answer = await ask(method, path, method === 'GET' ? undefined : {}, headers)
      expect(answer).toEqual({ status, body: { errors: [expect.stringContaining(message)] } })
    }
    expect(job.cancelCount).toBe(0)
  })

  test.each(['localhost', '127.0.0.1', '[::1]'])('this machine as %s, and a page that it served', async (name) => {
    const host = `${name}:${server.port}`
    expect((await ask('GET', '/jobs', undefined, { host, origin: `http://${host}` })).status).toBe(200)
  })

  test('nothing is changed by a request that is no JSON, as that of a form', async () => {
    for (const type of [undefined, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
      const answer = await ask('POST', `/jobs/${id}/stop`, {}, { 'content-type': type })
      expect(answer).toEqual({
        status: 415,
        body: { errors: ['POST needs the header "Content-Type: application/json"'] },
      })
    }
    const answer = await ask(
      'POST',
      `/jobs/${id}/checkpoints`,
      {},
      { 'content-type': 'application/json; charset=UTF-8' },
    )
    expect(answer.status).toBe(202)
    expect(job.asked).toEqual(['checkpoint'])
  })

  test('a body that is too large, announced or not, is not read to its end', async () => {
    const large = JSON.stringify({ 'target-directory': 'x'.repeat(70_000) })
    const tooLarge = { status: 413, body: { errors: ['The body is larger than 65536 bytes'] } }
    expect(await ask('POST', `/jobs/${id}/savepoints`, large)).toEqual(tooLarge)
    expect(
      await ask('POST', `/jobs/${id}/savepoints`, large, {
        'content-length': undefined,
        'transfer-encoding': 'chunked',
      }),
    ).toEqual(tooLarge)
    expect(job.asked).toEqual([])
  })
})

describe('routes', () => {
  test.each(['', '/v1'])('are served below "%s"', async (base) => {
    expect(await ask('GET', `${base}/jobs`)).toEqual({ status: 200, body: { jobs: [{ id, status: 'RUNNING' }] } })
  })

  test('GET takes and ignores the body that Flink sends with it', async () => {
    const answer = await ask('GET', `/jobs/${id}/status`, '{}', { 'content-type': undefined })
    expect(answer).toEqual({ status: 200, body: { status: 'RUNNING' } })
  })

  test('the overview has the fields of Flink', async () => {
    clock.advanceTo(4_000)
    expect(await ask('GET', '/jobs/overview')).toEqual({
      status: 200,
      body: {
        jobs: [
          {
            jid: id,
            name: 'fake',
            jobType: 'STREAMING',
            schedulerType: 'Default',
            'start-time': 1_700_000_000_000,
            'end-time': -1,
            duration: 4_000,
            state: 'RUNNING',
            'last-modification': 1_700_000_000_000,
            tasks: {
              total: 1,
              created: 0,
              scheduled: 0,
              deploying: 0,
              initializing: 0,
              running: 1,
              finished: 0,
              canceling: 0,
              canceled: 0,
              failed: 0,
              reconciling: 0,
            },
            'pending-operators': 0,
          },
        ],
      },
    })
  })

  test('a job has its vertices', async () => {
    job.elapsedMs = 10
    const { body } = await ask('GET', `/jobs/${id}`)
    expect(body).toMatchObject({
      jid: id,
      state: 'RUNNING',
      'end-time': -1,
      vertices: [{ name: 'Map', parallelism: 1, metrics: { 'read-records': 10, 'accumulated-busy-time': 5 } }],
    })
  })

  test('the execution result comes when the job has ended', async () => {
    const path = `/jobs/${id}/execution-result`
    expect(await ask('GET', path)).toEqual({ status: 200, body: { status: { id: 'IN_PROGRESS' } } })
    job.elapsedMs = 4_574
    job.end('FINISHED')
    expect(await ask('GET', path)).toEqual({
      status: 200,
      body: {
        status: { id: 'COMPLETED' },
        'job-execution-result': {
          id,
          name: 'fake',
          'application-status': 'SUCCEEDED',
          'accumulator-results': {},
          'net-runtime': 4_574,
          'application-id': id,
          'start-time': 1_700_000_000_000,
          'end-time': 1_700_000_004_574,
        },
      },
    })
  })

  test('and with the cause if it failed', async () => {
    job.fail(new Error('no luck'))
    expect((await ask('GET', `/jobs/${id}/execution-result`)).body).toMatchObject({
      'job-execution-result': {
        'application-status': 'FAILED',
        'failure-cause': { class: 'Error', message: 'no luck' },
      },
    })
  })

  test.each([
    ['GET', '/nope', 404, 'Unable to load requested file /nope.'],
    ['GET', '/jobs/xyz', 400, 'Bad request, could not parse parameters: "xyz" is no id of a job'],
    ['GET', `/jobs/${'0'.repeat(32)}`, 404, `Job ${'0'.repeat(32)} not found`],
    ['DELETE', `/jobs/${id}`, 405, `/jobs/${id} can be asked for by GET, PATCH, not by DELETE`],
    [
      'GET',
      `/jobs/${id}/savepoints/${'1'.repeat(32)}`,
      404,
      `There is no savepoint operation with triggerId=${'1'.repeat(32)} for job ${id}.`,
    ],
    ['PATCH', `/jobs/${id}?mode=stop`, 400, 'The mode "stop" is not known: use cancel'],
    ['PATCH', `/jobs/${id}/rescaling?parallelism=0`, 400, 'The parallelism "0" is not a whole number from 1 to 32768'],
    ['PATCH', `/jobs/${id}/rescaling`, 400, 'The parallelism "" is not a whole number from 1 to 32768'],
  ])('%s %s is refused', async (method, path, status, message) => {
    expect(await ask(method, path)).toEqual({ status, body: { errors: [message] } })
  })

  test.each([
    ['{', /^The body is not JSON: /],
    ['[]', /^The body must be a JSON object$/],
    [{ 'target-directory': 'relative' }, /"target-directory" must be an absolute path, and is "relative"$/],
    [{ 'target-directory': 7 }, /"target-directory" must be an absolute path, and is 7$/],
    [{ 'target-directory': 'file://other/x' }, /must be an absolute path/],
    [{ 'cancel-job': 'no' }, /"cancel-job" must be true or false$/],
    [{ triggerId: 'mine' }, /"triggerId" must be 32 hex digits$/],
  ])('a savepoint with the body %j is refused', async (body, message) => {
    const answer = await ask('POST', `/jobs/${id}/savepoints`, body)
    expect(answer).toEqual({ status: 400, body: { errors: [expect.stringMatching(message)] } })
    expect(job.asked).toEqual([])
  })
})

describe('operations', () => {
  test('a savepoint is in progress until it is complete', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    job.savepointReady = promise
    const { status, body } = await ask('POST', `/jobs/${id}/savepoints`, {
      'target-directory': 'file:///tmp/sp',
      'cancel-job': false,
      formatType: 'CANONICAL',
      triggerId: null,
    })
    expect(status).toBe(202)
    const path = `/jobs/${id}/savepoints/${(body as { 'request-id': string })['request-id']}`
    expect(await ask('GET', path)).toEqual({ status: 200, body: { status: { id: 'IN_PROGRESS' }, operation: null } })
    resolve()
    expect(await ask('GET', path)).toEqual({
      status: 200,
      body: { status: { id: 'COMPLETED' }, operation: { location: '/tmp/sp/savepoint-012345-97e90173b11b' } },
    })
    expect(job.asked).toEqual(['savepoint /tmp/sp'])
  })

  test('a savepoint that failed says why', async () => {
    const answer = await operation('POST', `/jobs/${id}/savepoints`, `/jobs/${id}/savepoints`)
    expect(answer).toEqual({
      status: 200,
      body: {
        status: { id: 'COMPLETED' },
        operation: {
          'failure-cause': {
            class: 'ClusterError',
            'stack-trace': 'ClusterError: Cannot take a savepoint of job "fake" without a directory',
            'serialized-throwable': '',
            code: 'NO_SAVEPOINT_DIRECTORY',
            message: 'Cannot take a savepoint of job "fake" without a directory',
            facts: { jobId: id },
          },
        },
      },
    })
  })

  test('a trigger that is repeated with its id is the same operation', async () => {
    const triggerId = 'a'.repeat(32)
    for (let i = 0; i < 2; i++) {
      const { body } = await ask('POST', `/jobs/${id}/checkpoints`, { triggerId })
      expect(body).toEqual({ 'request-id': triggerId })
    }
    expect(job.asked).toEqual(['checkpoint'])
  })

  test('checkpoint, stop, drain, cancel with savepoint, rescaling and disposal', async () => {
    const { body: checkpoint } = await operation('POST', `/jobs/${id}/checkpoints`, `/jobs/${id}/checkpoints`)
    expect(checkpoint).toEqual({ status: { id: 'COMPLETED' }, operation: { checkpointId: 2 } })
    await operation('PATCH', `/jobs/${id}/rescaling?parallelism=16`, `/jobs/${id}/rescaling`)
    const { body: disposal } = await operation('POST', '/savepoint-disposal', '/savepoint-disposal', {
      'savepoint-path': '/tmp/sp/x',
    })
    expect(disposal).toEqual({ status: { id: 'COMPLETED' }, operation: {} })
    await operation('POST', `/jobs/${id}/savepoints`, `/jobs/${id}/savepoints`, {
      'target-directory': '/tmp/sp',
      'cancel-job': true,
    })
    await operation('POST', `/jobs/${id}/stop`, `/jobs/${id}/savepoints`, { targetDirectory: '/tmp/sp', drain: true })
    await operation('POST', `/jobs/${id}/stop`, `/jobs/${id}/savepoints`, { targetDirectory: '/tmp/sp' })
    expect(job.asked).toEqual(['checkpoint', 'rescale 16', 'savepoint /tmp/sp', 'drain /tmp/sp', 'stop /tmp/sp'])
    expect(job.cancelCount).toBe(1)
    expect(disposed).toEqual(['/tmp/sp/x'])
  })

  test('results are forgotten after five minutes', async () => {
    const { body } = await ask('POST', `/jobs/${id}/checkpoints`)
    const path = `/jobs/${id}/checkpoints/${(body as { 'request-id': string })['request-id']}`
    clock.advanceTo(5 * 60_000)
    expect((await ask('GET', path)).status).toBe(200)
    clock.advanceTo(5 * 60_000 + 1)
    expect((await ask('GET', path)).status).toBe(404)
  })

  test('a hundred that are under way are enough', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    job.savepointReady = promise
    const body = { 'target-directory': '/tmp/sp' }
    for (let i = 0; i < 100; i++) expect((await ask('POST', `/jobs/${id}/savepoints`, body)).status).toBe(202)
    expect(await ask('POST', `/jobs/${id}/savepoints`, body)).toEqual({
      status: 503,
      body: { errors: ['100 operations are under way: wait until one has ended'] },
    })
    resolve()
    await promise
  })

  test('PATCH cancels, and does nothing to a job that has ended', async () => {
    job.endsOnCancel = true
    expect(await ask('PATCH', `/jobs/${id}?mode=cancel`)).toEqual({ status: 202, body: {} })
    expect(await ask('PATCH', `/jobs/${id}`)).toEqual({ status: 202, body: {} })
    expect(job.cancelCount).toBe(1)
  })
})

test('Another port is taken if the one wished for is not free', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const second = await start(port)
  expect(second.port).not.toBe(port)
  await second.close(0)
  other.close()
})

test('A server that closes waits until who asked has heard how the stop ended, but not for ever', async () => {
  const { body } = await ask('POST', `/jobs/${id}/stop`, { targetDirectory: '/tmp/sp' })
  let isClosed = false
  const closing = server.close(3_000).then(() => {
    isClosed = true
  })
  const trigger = (body as { 'request-id': string })['request-id']
  expect(isClosed).toBe(false)
  const { body: status } = await ask('GET', `/jobs/${id}/savepoints/${trigger}`)
  expect(status).toMatchObject({ operation: { location: '/tmp/sp/savepoint-012345-97e90173b11b' } })
  await closing
  expect(clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)

  server = await start(0)
  await ask('POST', `/jobs/${id}/checkpoints`)
  const unheard = server.close(3_000)
  await new Promise(setImmediate)
  clock.advanceTo(3_000)
  await unheard
  server = await start(0)
})
