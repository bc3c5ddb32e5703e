// What users do wrong, and what brokers refuse, through the command line: what people read, and whether the job is started again.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import { batchOf, driverContext, readAll } from './driver-context.ts'
import { brokers, kafkaTool, sasl, uniqueName } from './kafka.ts'
import { SourceJobs } from './source-jobs.ts'
import type { SourceJobOptions } from './source-to-files.job.ts'
import { startTestCluster } from './test-cluster.ts'

vi.setConfig({ testTimeout: 300_000 })

const driver = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)
afterAll(() => driver.close())

async function newTopic(partitions = 1, configs: Readonly<Record<string, string>> = {}): Promise<string> {
  const topic = uniqueName('bad')
  await driver.admin.createTopics([{ topic, partitions, configs }])
  return topic
}

async function topicWith(...values: readonly string[]): Promise<string> {
  const topic = await newTopic()
  await driver.createProducer().send(topic, 0, batchOf(...values))
  return topic
}

/** What is restarted is so once, without a wait. */
const onceMore = {
  'restart-strategy.type': 'fixed-delay',
  'restart-strategy.fixed-delay.attempts': '1',
  'restart-strategy.fixed-delay.delay': '1 ms',
}

interface Report {
  readonly status: number | null
  readonly error: string
  readonly hint: string
  readonly restarts: number
}

function reportOf(status: number | null, stderr: string): Report {
  const line = (begin: string) => new RegExp(`^${begin}: (.*)$`, 'm').exec(stderr)?.[1] ?? stderr
  expect(stderr).not.toMatch(/^\s+at /m)
  return {
    status,
    error: line('error'),
    hint: line('hint'),
    restarts: stderr.match(/the job failed and is restarted/g)?.length ?? 0,
  }
}

/** Runs the job with checkpoints to its end, which is to be bad. */
async function report(options: SourceJobOptions): Promise<Report> {
  await using jobs = new SourceJobs(options)
  const { status, stderr } = await jobs.start(['-p', '2'], onceMore).ended
  return reportOf(status, stderr)
}

const topics = 'orders'
const start = 'The source "Source: Records" could not find its input: '

describe('A job does not begin, and says why', () => {
  test('where no broker listens, once it has tried for its time', async () => {
    const source = { bootstrapServers: '127.0.0.1:1', topics, retryTimeoutMs: 500 }
    expect(await report({ source })).toEqual({
      status: 2,
      error: expect.stringMatching(
        /^The source .*: Cannot look up topics "orders": no answer from broker 127\.0\.0\.1:1 in 0\.\d s of trying: .*ECONNREFUSED.*\.$/,
      ),
      hint: 'Check that Kafka runs there, and that this address is the one to reach it by (advertised.listeners of the broker).',
      restarts: 0,
    })
  })

  test('where something else answers', async () => {
    await using server = createServer((_, response) => response.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const source = { bootstrapServers: address, topics, retryTimeoutMs: 500 }
    expect(await report({ source })).toMatchObject({
      status: 2,
      error: expect.stringMatching(
        new RegExp(`no answer from broker ${address} .*maybe this port .* is not one of Kafka`),
      ),
      hint: expect.stringContaining('Check that Kafka runs there'),
    })
  })

  test('where the port speaks TLS and the job does not, or the other way round', async () => {
    const { bootstrapServers } = sasl()
    expect(await report({ source: { bootstrapServers, topics, retryTimeoutMs: 500 } })).toMatchObject({
      status: 2,
      error: expect.stringMatching(
        `no answer from broker ${bootstrapServers} .*maybe this port speaks TLS \\(option "tls"\\)`,
      ),
    })
    expect(
      await report({ source: { bootstrapServers: brokers(), topics, tls: true, retryTimeoutMs: 500 } }),
    ).toMatchObject({
      status: 2,
      error: expect.stringMatching(
        `no answer from broker ${brokers()} .*maybe this port of the broker does not speak TLS`,
      ),
    })
  })

  test('where the certificate is by an authority that nobody trusts: at once', async () => {
    const { bootstrapServers } = sasl()
    expect(await report({ source: { bootstrapServers, topics, tls: true } })).toEqual({
      status: 2,
      error: expect.stringMatching(`^${start}Cannot connect to broker ${bootstrapServers} by TLS: .*certificate.*\\.$`),
      hint: expect.stringMatching(/^Give the authority that signed its certificate \(tls\.ca\)/),
      restarts: 0,
    })
  })

  test('where the password is wrong: at once', async () => {
    const { bootstrapServers, certificate: ca, username } = sasl()
    const login = { mechanism: 'scram-sha-256', username, password: 'wrong' } as const
    expect(await report({ source: { bootstrapServers, topics, tls: { ca }, sasl: login } })).toEqual({
      status: 2,
      error: expect.stringMatching(
        `^${start}Cannot log in to broker ${bootstrapServers} by SASL scram-sha-256: .*\\.$`,
      ),
      hint: 'Check user, password and mechanism.',
      restarts: 0,
    })
  })

  test('where the topic is not there: at once', async () => {
    const topic = uniqueName('none')
    expect(await report({ source: { bootstrapServers: brokers(), topics: topic } })).toEqual({
      status: 2,
      error: `${start}Cannot read topic "${topic}": there is none of this name, or this user may not see it.`,
      hint: 'Check the name, or create the topic.',
      restarts: 0,
    })
  })

  test('where an option makes no sense', async () => {
    expect(
      await report({ source: { bootstrapServers: brokers(), topics, properties: { 'fetch.max.bites': 1 } } }),
    ).toEqual({
      status: 2,
      error: expect.stringContaining('Cannot use the property "fetch.max.bites" 1: it has no meaning here.'),
      hint: expect.stringMatching(/^Known are: .*fetch\.max\.bytes/),
      restarts: 0,
    })
  })

  test('where the topic for dead letters is not there: at once', async () => {
    const [topic, dead] = [await topicWith('a'), uniqueName('none')]
    const source = { bootstrapServers: brokers(), topics: topic, onDeserializationError: { deadLetter: dead } }
    expect(await report({ source })).toMatchObject({
      error: expect.stringContaining(`Cannot write dead letters to topic "${dead}": there is none of this name`),
      hint: 'Create it.',
      restarts: 0,
    })
  })
})

describe('A user without permission', () => {
  const acls = (...args: readonly string[]) => kafkaTool('acls', ['--bootstrap-server', brokers(), ...args])

  function asUser(): SourceJobOptions['source'] {
    const { bootstrapServers, certificate: ca, username, password } = sasl()
    return { bootstrapServers, tls: { ca }, sasl: { mechanism: 'plain', username, password } }
  }

  test('to see the topic is told when the job starts', async () => {
    const topic = await topicWith('a')
    await acls('--add', '--deny-principal', `User:${sasl().username}`, '--operation', 'All', '--topic', topic)
    expect(await report({ source: { ...asUser(), topics: topic } })).toEqual({
      status: 2,
      error: `${start}Cannot look up topics "${topic}": the broker answered TOPIC_AUTHORIZATION_FAILED.`,
      hint: 'Let an administrator grant it (kafka-acls), or connect as another user.',
      restarts: 0,
    })
  })

  test('to read it is told when it is read, and the job is not started again', async () => {
    const topic = await topicWith('a')
    await acls('--add', '--allow-principal', `User:${sasl().username}`, '--operation', 'Describe', '--topic', topic)
    expect(await report({ source: { ...asUser(), topics: topic } })).toEqual({
      status: 1,
      error: expect.stringMatching(
        `Cannot read topic "${topic}", partition 0, from offset 0: the broker answered TOPIC_AUTHORIZATION_FAILED\\.$`,
      ),
      hint: 'Let an administrator grant it (kafka-acls), or connect as another user.',
      restarts: 0,
    })
  })

  test('to commit offsets of the group reads on, for they are for monitoring only', async () => {
    const [topic, groupId] = [await topicWith('a', 'b'), uniqueName('group')]
    await acls('--add', '--deny-principal', `User:${sasl().username}`, '--operation', 'All', '--group', groupId)
    await using jobs = new SourceJobs({ source: { ...asUser(), topics: topic, groupId, bounded: 'latest' } })
    const { status, stderr } = await jobs.start(['-p', '2']).ended
    expect(status, stderr).toBe(0)
    expect(jobs.output()).toEqual(['a', 'b'])
    expect(stderr).toMatch(/could not commit offsets of a checkpoint .*GROUP_AUTHORIZATION_FAILED/)
  })
})

describe('While a job runs', () => {
  test('a topic that is deleted ends it, with the place, and it is not started again', async () => {
    const topic = await topicWith('a', 'b')
    await using jobs = new SourceJobs({ source: { bootstrapServers: brokers(), topics: topic } })
    const run = jobs.start(['-p', '2'], onceMore)
    await jobs.untilWritten(run, 2)
    await driver.admin.deleteTopics([topic])
    const { status, stderr } = await run.ended
    expect(reportOf(status, stderr)).toEqual({
      status: 1,
      error: expect.stringMatching(
        `Cannot read on in topic "${topic}", partition 0, from offset 2: it is not there any more, so it was deleted, or this user may not see it now\\.$`,
      ),
      hint: expect.stringMatching(/^To read a topic that was made anew, start the job without its old snapshot/),
      restarts: 0,
    })
  })

  test('a broker that is away for longer than is tried makes it start again, until the broker is back', async () => {
    await using cluster = await startTestCluster()
    const { bootstrapServers } = cluster
    const own = createKafkaDriver({ bootstrapServers: [bootstrapServers] }, driverContext)
    await own.admin.createTopics([{ topic: 't', partitions: 1 }])
    await own.createProducer().send('t', 0, batchOf('a', 'b'))
    const bounded = { offsets: [{ topic: 't', partition: 0, offset: 3 }] }
    await using jobs = new SourceJobs({ source: { bootstrapServers, topics: 't', bounded, retryTimeoutMs: 500 } })
    const run = jobs.start([], {
      ...onceMore,
      'restart-strategy.fixed-delay.attempts': '1000',
      'restart-strategy.fixed-delay.delay': '2 s',
    })
    await jobs.untilWritten(run, 2)
    await cluster.killBroker(1)
    await run.until(({ stderr }) => stderr.includes('the job failed and is restarted'))
    expect(run.stderr).toContain(`partition 0, from offset 2: no answer from broker ${bootstrapServers}`)
    await cluster.startBroker(1)
    await own.createProducer().send('t', 0, batchOf('c'))
    const { status, stderr } = await run.ended
    await own.close()
    expect(status, stderr).toBe(0)
    expect(jobs.output()).toEqual(['a', 'b', 'c'])
  })

  test('a partition that is added is read, and so are records larger than a fetch', async () => {
    const topic = await newTopic(1, { 'max.message.bytes': '8000000' })
    await using jobs = new SourceJobs({
      source: {
        bootstrapServers: brokers(),
        topics: topic,
        partitionDiscoveryIntervalMs: 200,
        fetchBytesMax: 1_000,
        partitionBytesMax: 1_000,
      },
    })
    const run = jobs.start(['-p', '2'])
    const producer = driver.createProducer({ requestBytesMax: 8_000_000 })
    const large = 'x'.repeat(3_000_000)
    await producer.send(topic, 0, batchOf('a', large, 'b'))
    await jobs.untilWritten(run, 3)
    await driver.admin.createPartitions(topic, 2)
    await producer.send(topic, 1, batchOf('c'))
    await jobs.untilWritten(run, 4)
    expect(jobs.output()).toEqual(['a', 'b', 'c', large])
  })
})

describe('A record that cannot be read', () => {
  const values = ['1', '{"id": oops', '2']
  const source = (topic: string, changes: Partial<SourceJobOptions['source']> = {}) => ({
    format: 'json' as const,
    source: { bootstrapServers: brokers(), topics: topic, bounded: 'latest' as const, ...changes },
  })

  test('ends the job by default, with its place and what it looks like: the next attempt would come to it again', async () => {
    const topic = await topicWith(...values)
    expect(await report(source(topic))).toEqual({
      status: 1,
      error: expect.stringMatching(
        new RegExp(
          `Cannot deserialize the record at offset 1 of topic "${topic}", partition 0, whose value is ".*oops": .*JSON.*\\.$`,
        ),
      ),
      hint: "Pass onDeserializationError: 'skip' to leave such records out, or { deadLetter: topic } to put them aside.",
      restarts: 0,
    })
  })

  test('is skipped where that is asked for, and counted', async () => {
    const topic = await topicWith(...values)
    await using jobs = new SourceJobs(source(topic, { onDeserializationError: 'skip' }))
    const { status, stderr } = await jobs.start([]).ended
    expect(status, stderr).toBe(0)
    expect(jobs.output()).toEqual(['1', '2'])
    expect(stderr).toMatch(/^Source: Records\.numRecordsInErrors +1$/m)
  })

  test.each([
    ['at least once', undefined],
    ['exactly once', uniqueName('letters')],
  ])('is put aside where that is asked for, %s', async (_, transactionalIdPrefix) => {
    const [topic, dead] = [await topicWith(...values), await newTopic()]
    const onDeserializationError = {
      deadLetter: dead,
      ...(transactionalIdPrefix !== undefined && { transactionalIdPrefix }),
    }
    await using jobs = new SourceJobs(source(topic, { onDeserializationError }))
    const { status, stderr } = await jobs.start([]).ended
    expect(status, stderr).toBe(0)
    expect(jobs.output()).toEqual(['1', '2'])
    expect(await readAll(driver, dead)).toEqual(['0@0 {"id": oops'])
    const shown = await kafkaTool('console-consumer', [
      ...['--bootstrap-server', brokers(), '--topic', dead, '--from-beginning', '--max-messages', '1'],
      ...['--isolation-level', 'read_committed', '--formatter-property', 'print.headers=true'],
    ])
    expect(shown).toMatch(
      new RegExp(
        `deadLetter\\.topic:${topic},deadLetter\\.partition:0,deadLetter\\.offset:1,deadLetter\\.error:.*JSON`,
      ),
    )
  })
})
