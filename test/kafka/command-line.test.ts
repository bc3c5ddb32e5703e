// The commands as a user types them, each a process of its own.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestMetadata } from '../../scripts/kafka/metadata-request.ts'
import { dataDirectory } from './data-directory.ts'
import { brokers } from './kafka.ts'
import { freeClusterPort } from './test-cluster.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
let home: string
let port: number

beforeAll(async () => {
  home = mkdtempSync(join(dataDirectory(), 'millrace-kafka-home-'))
  port = await freeClusterPort()
})

afterAll(() => {
  kafka('kill', '--port', String(port))
  rmSync(home, { recursive: true, force: true })
})

/** `npm run kafka:<command> -- <args>` */
function kafka(command: string, ...args: readonly string[]) {
  return kafkaWith({}, command, ...args)
}

function kafkaWith(environment: Readonly<Record<string, string>>, command: string, ...args: readonly string[]) {
  const { KAFKA_BROKERS: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', `kafka:${command}`, '--', ...args], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...env, MILLRACE_HOME: home, ...environment },
  })
  return { status, stdout, stderr }
}

describe('npm run kafka:...', () => {
  test('starts, finds, kills and stops a broker, whose data stays', async () => {
    const at = ['--port', String(port)]
    const stopped = { status: 1, stdout: 'No Kafka of ours runs.\n', stderr: '' }
    expect(kafka('status')).toEqual(stopped)

    const started = kafka('start', ...at)
    expect(started).toMatchObject({ status: 0, stderr: '' })
    expect(started.stdout).toMatch(`answers at 127.0.0.1:${port} `)
    expect(await requestMetadata('127.0.0.1', port, 5_000)).toEqual([{ id: 1, host: '127.0.0.1', port }])
    expect(kafka('status').stdout).toMatch(new RegExp(`broker 1 {2}127.0.0.1:${port} {2}runs, process \\d+`))
    const bootstrap = ['--bootstrap-server', `127.0.0.1:${port}`]
    expect(kafka('tool', 'topics', ...bootstrap, '--create', '--topic', 'kept')).toMatchObject({ status: 0 })

    expect(kafka('kill', ...at)).toEqual({ status: 0, stdout: `Kafka on port ${port} was killed.\n`, stderr: '' })
    expect(kafka('status')).toEqual(stopped)
    await expect(requestMetadata('127.0.0.1', port, 5_000)).rejects.toThrow('ECONNREFUSED')

    expect(kafka('start', ...at)).toMatchObject({ status: 0, stderr: '' })
    expect(kafka('tool', 'topics', ...bootstrap, '--list')).toEqual({ status: 0, stdout: 'kept\n', stderr: '' })
    expect(kafka('start', ...at), 'a second start').toMatchObject({ status: 0, stderr: '' })
    expect(kafka('stop', ...at)).toEqual({ status: 0, stdout: `Kafka on port ${port} was stopped.\n`, stderr: '' })
    expect(kafka('stop', ...at)).toEqual({ status: 0, stdout: `Kafka does not run on port ${port}.\n`, stderr: '' })
  })

  test('says what would do when the port is taken', async () => {
    await using server = createServer()
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    expect(kafka('start', '--port', String(port))).toEqual({
      status: 1,
      stdout: '',
      stderr:
        `Cannot start Kafka on 127.0.0.1:${port}: another program listens there. ` +
        'Start with another --port, or use the broker that is there with KAFKA_BROKERS=host:port.\n',
    })
  })

  test('names what is wrong with an option', () => {
    const wrong = (...args: readonly string[]) => kafka('start', ...args).stderr
    expect(wrong('--brokers', 'many')).toBe('--brokers takes a whole number from 1 to 9, and was given "many"\n')
    expect(wrong('--property', 'novalue')).toBe('--property takes KEY=VALUE, and was given "novalue"\n')
    expect(wrong('--colour')).toMatch(/^Unknown option '--colour'/)
  })

  test('uses the broker that KAFKA_BROKERS names, and does not stop it', () => {
    const environment = { KAFKA_BROKERS: brokers() }
    expect(kafkaWith(environment, 'start')).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^KAFKA_BROKERS=\S+ answers: \d+ \S+:\d+(, \d+ \S+:\d+)*\n$/),
      stderr: '',
    })
    expect(kafkaWith(environment, 'stop')).toEqual({
      status: 1,
      stdout: '',
      stderr: `Cannot stop ${brokers()}: KAFKA_BROKERS names it, and it is not ours.\n`,
    })
    expect(kafkaWith({ KAFKA_BROKERS: '127.0.0.1:1' }, 'status').stderr).toMatch(
      /^KAFKA_BROKERS=\S+ does not answer: .*ECONNREFUSED.*\. Start it, or unset KAFKA_BROKERS\.$/m,
    )
  })
})
