// Whole jobs on worker threads that read a real broker, and what may happen to them meanwhile: each record comes once.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, expect, test, vi } from 'vitest'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type { KafkaDriver } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import type { KafkaProducer } from '../../packages/connectors/src/kafka/driver/kafka-producer.ts'
import { batchOf, driverContext, readAll } from './driver-context.ts'
import { brokers, kafkaTool, uniqueName } from './kafka.ts'
import { SourceJobs } from './source-jobs.ts'
import { startTestCluster } from './test-cluster.ts'

// Several runs each, of seconds if they are alone.
vi.setConfig({ testTimeout: 300_000 })

const driver = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)
afterAll(() => driver.close())

async function newTopic(partitions: number, on: KafkaDriver = driver): Promise<string> {
  const topic = uniqueName('jobs')
  await on.admin.createTopics([{ topic, partitions }])
  return topic
}

/** `0:0`, `1:0`, `0:1`, ... */
function valuesOf(partitions: number, from: number, to: number): readonly string[] {
  return Array.from({ length: (to - from) * partitions }, (_, i) =>
    recordOf(i % partitions, from + Math.floor(i / partitions)),
  )
}

function recordOf(partition: number, n: number): string {
  return `${partition}:${n}`
}

/** Writes to all partitions, in small batches with pauses: a job that reads along is in the midst of it for long. */
async function writeSlowly(producer: KafkaProducer, topic: string, partitions: number, from: number, to: number) {
  const step = 50
  for (let at = from; at < to; at += step) {
    const numbers = Array.from({ length: Math.min(step, to - at) }, (_, i) => at + i)
    for (let partition = 0; partition < partitions; partition++) {
      await producer.send(topic, partition, batchOf(...numbers.map((n) => recordOf(partition, n))))
    }
    await delay(10)
  }
}

/** Reading ends there, whenever it is written. */
function endingAt(topic: string, partitions: number, offset: number) {
  return { offsets: Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset })) }
}

test("Shows 3: the offsets of completed checkpoints show in Kafka's own ConsumerGroupCommand", async () => {
  const topic = await newTopic(2)
  const groupId = uniqueName('group')
  const producer = driver.createProducer()
  await writeSlowly(producer, topic, 2, 0, 500)
  await using jobs = new SourceJobs({ source: { bootstrapServers: brokers(), topics: topic, groupId } })
  const run = jobs.start(['-p', '2'])
  await jobs.untilWritten(run, 1_000)
  const partitions = [0, 1].map((partition) => ({ topic, partition }))
  const committed = async () => (await driver.fetchCommittedOffsets(groupId, partitions)).map(({ offset }) => offset)
  await expect.poll(committed, { timeout: 30_000 }).toEqual([500, 500])
  // What is written from here on is not read any more.
  run.child.kill('SIGKILL')
  await run.ended
  await producer.send(topic, 1, batchOf('a', 'b', 'c'))
  const shown = await kafkaTool('consumer-groups', ['--bootstrap-server', brokers(), '--describe', '--group', groupId])
  const rows = shown
    .split('\n')
    .map((line) => line.trim().split(/\s+/).slice(0, 6).join(' '))
    .filter((line) => line.includes(topic))
  expect(rows.toSorted()).toEqual([`${groupId} ${topic} 0 500 500 0`, `${groupId} ${topic} 1 500 503 3`])
})

test('A job that is killed three times and resumed reads each record once, and puts each poison record aside once', async () => {
  const [partitions, count] = [3, 4_000]
  const [topic, dead] = [await newTopic(partitions), await newTopic(2)]
  const producer = driver.createProducer()
  await using jobs = new SourceJobs({
    format: 'json',
    source: {
      bootstrapServers: brokers(),
      topics: topic,
      bounded: endingAt(topic, partitions, count),
      onDeserializationError: { deadLetter: dead, transactionalIdPrefix: uniqueName('letters') },
    },
  })
  // The last ones come after the last kill: a run that had finished would begin anew.
  const killed = Promise.withResolvers<void>()
  const writing = writeNumbers(producer, { topic, partitions, count, beforeLast: killed.promise })
  for (const lines of [500, 3_000, 6_000]) {
    const run = jobs.start(['-p', '2', '--resume'])
    await jobs.untilWritten(run, lines)
    run.child.kill('SIGKILL')
    await run.ended
  }
  killed.resolve()
  await writing
  const { status, stderr } = await jobs.start(['-p', '2', '--resume']).ended
  expect(status, stderr).toBe(0)
  const all = Array.from({ length: partitions * count }, (_, i) => i)
  const isPoison = (n: number) => n % 10 === 3
  expect(jobs.output()).toEqual(
    all
      .filter((n) => !isPoison(n))
      .map(String)
      .toSorted(),
  )
  const letters = (await readAll(driver, dead)).map((letter) => letter.split(' ')[1])
  expect(letters.toSorted()).toEqual(
    all
      .filter(isPoison)
      .map((n) => `bad${n}`)
      .toSorted(),
  )
  expect(await driver.listTransactions('letters-')).not.toContainEqual(expect.objectContaining({ state: 'Ongoing' }))
})

/** All numbers from 0 on, dealt out over the partitions; one in ten is no JSON. */
async function writeNumbers(
  producer: KafkaProducer,
  {
    topic,
    partitions,
    count,
    beforeLast,
  }: {
    readonly topic: string
    readonly partitions: number
    readonly count: number
    readonly beforeLast: Promise<void>
  },
): Promise<void> {
  const step = 50
  for (let at = 0; at < count; at += step) {
    if (at === count - step) await beforeLast
    for (let partition = 0; partition < partitions; partition++) {
      const numbers = Array.from({ length: step }, (_, i) => (at + i) * partitions + partition)
      await producer.send(topic, partition, batchOf(...numbers.map((n) => (n % 10 === 3 ? `bad${n}` : String(n)))))
    }
    await delay(20)
  }
}

test('A broker that dies and comes back costs no restart, and no record', async () => {
  await using cluster = await startTestCluster()
  const own = createKafkaDriver({ bootstrapServers: [cluster.bootstrapServers] }, driverContext)
  const topic = await newTopic(2, own)
  const producer = own.createProducer({ identity: await own.initProducerId() })
  await using jobs = new SourceJobs({
    source: {
      bootstrapServers: cluster.bootstrapServers,
      topics: topic,
      groupId: 'g',
      bounded: endingAt(topic, 2, 3_000),
    },
  })
  const run = jobs.start(['-p', '2'])
  await writeSlowly(producer, topic, 2, 0, 1_500)
  await jobs.untilWritten(run, 1_000)
  await cluster.killBroker(1)
  await delay(1_000)
  await cluster.startBroker(1)
  await writeSlowly(producer, topic, 2, 1_500, 3_000)
  const { status, stderr } = await run.ended
  await own.close()
  expect(status, stderr).toBe(0)
  expect(stderr).not.toMatch(/restarted/)
  expect(jobs.output()).toEqual(valuesOf(2, 0, 3_000).toSorted())
})

test('A job with more subtasks than partitions reads each record once, and ends', async () => {
  const topic = await newTopic(2)
  await writeSlowly(driver.createProducer(), topic, 2, 0, 300)
  await using jobs = new SourceJobs({ source: { bootstrapServers: brokers(), topics: topic, bounded: 'latest' } })
  const { status, stderr } = await jobs.start(['-p', '5']).ended
  expect(status, stderr).toBe(0)
  expect(jobs.output()).toEqual(valuesOf(2, 0, 300).toSorted())
})

test('A job that is rescaled from a savepoint, 2 to 4, reads each record once', async () => {
  const [partitions, count] = [5, 2_000]
  const topic = await newTopic(partitions)
  await using jobs = new SourceJobs({
    source: { bootstrapServers: brokers(), topics: topic, bounded: endingAt(topic, partitions, count) },
  })
  const producer = driver.createProducer()
  await writeSlowly(producer, topic, partitions, 0, count / 2)
  const first = jobs.start(['-p', '2'])
  const id = await jobs.idOf(first)
  await jobs.untilWritten(first, 1_000)
  await jobs.succeed('stop', '--savepoint-path', jobs.savepoints, id)
  expect((await first.ended).status).toBe(0)
  const before = jobs.output().length
  const [savepoint = ''] = readdirSync(jobs.savepoints)
  const second = jobs.start(['-p', '4', '-s', join(jobs.savepoints, savepoint)])
  await writeSlowly(producer, topic, partitions, count / 2, count)
  const { status, stderr } = await second.ended
  expect(status, stderr).toBe(0)
  expect(before).toBeLessThanOrEqual((partitions * count) / 2)
  expect(jobs.output()).toEqual(valuesOf(partitions, 0, count).toSorted())
})
