// The driver on brokers that are played, in virtual time: what it does about answers that real brokers seldom give.
import { SeededRandom, SimulatedClock } from '@millrace/runtime/testing'
import { describe, expect, test } from 'vitest'
import { ConnectionLostError } from './connection/broker-connection.ts'
import { connectionSettings } from './connection/connection-settings.ts'
import { brokerErrors } from './protocol/broker-errors.ts'
import type { MetadataAnswer } from './protocol/metadata-request.ts'
import { ProtocolDriver } from './protocol-driver.ts'
import { RecordBatchBuilder } from './record-batch/record-batch-builder.ts'

const topic = 't'
const notLeader = 6
const { unknownTopic, leaderNotAvailable, requestTimedOut, topicExists, invalidPartitions } = brokerErrors

/** What a broker answers to a request of that name, as read from the wire; an error is thrown. */
type Answer = (port: number, apiName: string) => unknown

function play(
  answer: Answer,
  clock: SimulatedClock = new SimulatedClock(),
): {
  driver: ProtocolDriver
  requests: string[]
  until: <T>(done: Promise<T>) => Promise<T>
  clock: SimulatedClock
} {
  const requests: string[] = []
  const ignore = (): void => {}
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const driver = new ProtocolDriver(
    connectionSettings({ bootstrapServers: ['broker:1'] }),
    { clock, logger },
    async (host, port) => ({
      address: `${host}:${port}`,
      isOpen: true,
      async send<T>({ apiName }: { apiName: string }): Promise<T> {
        requests.push(`${port} ${apiName}`)
        const given = answer(port, apiName)
        if (given instanceof Error) throw given
        return (await given) as T
      },
      close() {},
    }),
  )
  /** Moves time on while nothing happens by itself. */
  const until = async <T>(done: Promise<T>): Promise<T> => {
    let isDone = false
    const settle = (): void => {
      isDone = true
    }
    done.then(settle, settle)
    while (!isDone) {
      for (let i = 0; i < 100 && !isDone; i++) await Promise.resolve()
      if (!isDone) clock.advanceTo(clock.nextDueMs())
    }
    return done
  }
  return { driver, requests, until, clock }
}

function metadata(leader: number, error = 0): unknown {
  const partition = { error: 0, partition: 0, leader, leaderEpoch: -1, replicas: [1, 2] }
  const brokers = [1, 2].map((nodeId) => ({ nodeId, host: 'broker', port: nodeId }))
  const partitions = error === 0 ? [partition] : []
  return { brokers, controllerId: 1, topics: [{ error, topic, isInternal: false, partitions }] }
}

function fetched(error: number, records: Buffer = Buffer.alloc(0)): unknown {
  const marks = { highWatermark: 1, lastStableOffset: 1, logStartOffset: 0 }
  const partition = { partition: 0, error, ...marks, aborted: [], preferredReplica: -1, records }
  return { error: 0, topics: [{ topic, partitions: [partition] }] }
}

function batch(value: string): Buffer {
  const builder = new RecordBatchBuilder()
  builder.append(0, null, value)
  return builder.seal({ compression: 'none', producerId: -1, epoch: -1, baseSequence: -1, isTransactional: false })
}

test('A fetcher follows the leader, through metadata that do not know it for a while', async () => {
  const told = [metadata(1), metadata(-1), metadata(1, leaderNotAvailable), metadata(2)]
  const { driver, requests, until } = play((port, apiName) => {
    if (apiName === 'Metadata') return told.shift()
    return port === 1 ? fetched(notLeader) : fetched(0, batch('found'))
  })
  const fetcher = driver.createFetcher()
  fetcher.assign([{ topic, partition: 0, offset: 0, stoppingOffset: 1 }])
  await until(fetcher.available())
  expect(fetcher.next()?.valueText()).toBe('found')
  expect([fetcher.next(), fetcher.takeEnded().length]).toEqual([undefined, 1])
  expect(requests).toEqual(['1 Metadata', '1 Fetch', '1 Metadata', '1 Metadata', '1 Metadata', '2 Fetch'])
  await driver.close()
})

test('A partition that has come to its end is known to stand there until that is taken', async () => {
  const { driver, until } = play((_, apiName) => (apiName === 'Metadata' ? metadata(1) : fetched(0, batch('last'))))
  const fetcher = driver.createFetcher()
  const assignment = { topic, partition: 0, offset: 0, stoppingOffset: 1 }
  fetcher.assign([assignment])
  await until(fetcher.available())
  expect([fetcher.next()?.valueText(), fetcher.next()]).toEqual(['last', undefined])
  // A snapshot that found nothing would take it as it was assigned, and all of it would be read again.
  expect(fetcher.progress(assignment)?.offset).toBe(1)
  expect(fetcher.takeEnded()).toEqual([assignment])
  expect(fetcher.progress(assignment)).toBe(undefined)
  await driver.close()
})

test('A topic that stays unknown is told of after ten seconds, once', async () => {
  const { driver, until, clock } = play(() => metadata(-1, unknownTopic))
  const fetcher = driver.createFetcher()
  fetcher.assign([{ topic, partition: 0, offset: 5 }])
  await until(fetcher.available())
  expect(() => fetcher.next()).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_TOPIC', facts: expect.objectContaining({ topic, partition: 0 }) }),
  )
  expect(fetcher.next()).toBe(undefined)
  expect(Math.round(clock.monotonicMs() / 1_000)).toBe(11)
  await driver.close()
})

test('Brokers that are all down are given up after the time for retries, with the address that was tried', async () => {
  const { driver, until, clock, requests } = play(() => new ConnectionLostError('broker:1', 'connection refused'))
  await expect(until(driver.connect())).rejects.toMatchObject({
    code: 'BROKER_UNREACHABLE',
    message: expect.stringMatching(/broker:1 in 59\.\d s of trying: connection refused/),
  })
  expect(clock.monotonicMs()).toBeLessThanOrEqual(60_000)
  // The waits double from 50 ms to a second.
  expect(requests.length).toBeLessThan(70)
  await driver.close()
})

test('A producer writes again what was not acknowledged', async () => {
  let answers = 0
  const { driver, until } = play((_, apiName) => {
    if (apiName === 'Metadata') return metadata(1)
    answers++
    if (answers === 1) return new ConnectionLostError('broker:1', 'gone')
    const error = answers === 2 ? notLeader : 0
    return produced(error)
  })
  const producer = driver.createProducer()
  expect(await until(producer.send(topic, 0, oneRecord()))).toEqual({ baseOffset: 7 })
  expect([answers, producer.pendingBytes]).toEqual([3, 0])
  await driver.close()
})

test('A batch is tried again on a clock whose timers come a moment early, and which goes on between two looks', async () => {
  const random = new SeededRandom(1)
  class EarlyClock extends SimulatedClock {
    #aheadMs = 0
    override monotonicMs(): number {
      this.#aheadMs += random.below(100) / 1e5
      return super.monotonicMs() + this.#aheadMs
    }
    override schedule(delayMs: number, callback: () => void): () => void {
      return super.schedule(delayMs - random.below(300) / 1e5, callback)
    }
  }
  let failures = 0
  const clock = new EarlyClock()
  const { driver, until } = play((_, apiName) => {
    if (apiName === 'Metadata') return metadata(1)
    return produced(failures++ < 40 ? notLeader : 0)
  }, clock)
  expect(await until(driver.createProducer().send(topic, 0, oneRecord()))).toEqual({ baseOffset: 7 })
  // Waits that double from 50 ms to a second, and none that only the delivery timeout ends.
  expect(Math.round(clock.monotonicMs() / 1_000)).toBe(37)
  await driver.close()
})

test('Metadata that leave out a topic, a partition or a broker take nothing away, and a record waits for its partition', async () => {
  const whole = metadata(1) as MetadataAnswer
  const told: unknown[] = [
    { ...whole, topics: [] },
    { ...whole, topics: whole.topics.map((each) => ({ ...each, partitions: [] })) },
    whole,
    // After the first write: nothing of the topic, and one broker of two.
    { brokers: whole.brokers.slice(1), controllerId: 1, topics: [] },
  ]
  const { driver, requests, until } = play((_, apiName) => (apiName === 'Metadata' ? told.shift() : produced(0)))
  const producer = driver.createProducer()
  expect(await until(producer.send(topic, 0, oneRecord()))).toEqual({ baseOffset: 7 })
  await until(driver.connect())
  expect(await until(producer.send(topic, 0, oneRecord()))).toEqual({ baseOffset: 7 })
  expect(requests).toEqual(['1 Metadata', '1 Metadata', '1 Metadata', '1 Produce', '1 Metadata', '1 Produce'])
  await driver.close()
})

test('A record for a partition that metadata never name is refused, not dropped', async () => {
  const { driver, until } = play(() => ({ ...(metadata(1) as MetadataAnswer), topics: [] }))
  await expect(until(driver.createProducer().send(topic, 3, oneRecord()))).rejects.toMatchObject({
    code: 'UNKNOWN_TOPIC',
    facts: { topic, partition: 3 },
  })
  await driver.close()
})

test('Topics are asked for again while the broker leaves one out', async () => {
  const told = [{ ...(metadata(1) as MetadataAnswer), topics: [] }, metadata(1)]
  const { driver, until } = play(() => told.shift())
  expect((await until(driver.topics([topic]))).map((each) => each.topic)).toEqual([topic])
  await driver.close()
})

describe('An answer that was lost, of', () => {
  const lost = new ConnectionLostError('broker:1', 'gone')
  const named = (errors: Readonly<Record<string, number>>): unknown =>
    Object.entries(errors).map(([name, error]) => ({ name, error, errorMessage: null }))

  /** A driver whose request of that name is answered by `answers`, one after the other. */
  function playChange(apiName: string, answers: unknown[], partitions = 1): ReturnType<typeof play> {
    const { brokers, controllerId, topics } = metadata(1) as MetadataAnswer
    const numbers = Array.from({ length: partitions }, (_, partition) => partition)
    const grown = topics.map((each) => ({
      ...each,
      partitions: numbers.map((partition) => ({ ...each.partitions[0]!, partition })),
    }))
    return play((_, name) => (name === apiName ? answers.shift() : { brokers, controllerId, topics: grown }))
  }

  test('CreateTopics does not make our own topic one that exists', async () => {
    const { driver, until } = playChange('CreateTopics', [lost, named({ [topic]: topicExists })])
    expect(await until(driver.admin.createTopics([{ topic, partitions: 1 }]))).toBe(undefined)
    await driver.close()
  })

  test('DeleteTopics does not make our own deletion one of an unknown topic', async () => {
    const { driver, until } = playChange('DeleteTopics', [lost, named({ [topic]: unknownTopic })])
    expect(await until(driver.admin.deleteTopics([topic]))).toBe(undefined)
    await driver.close()
  })

  test('CreatePartitions does not make our own growth one that is refused, unless the topic is larger', async () => {
    const grown = playChange('CreatePartitions', [lost, named({ [topic]: invalidPartitions })], 4)
    expect(await grown.until(grown.driver.admin.createPartitions(topic, 4))).toBe(undefined)
    const larger = playChange('CreatePartitions', [lost, named({ [topic]: invalidPartitions })], 5)
    await expect(larger.until(larger.driver.admin.createPartitions(topic, 4))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    await Promise.all([grown.driver.close(), larger.driver.close()])
  })

  test('one topic does not touch the others, and those that others made are told of', async () => {
    const { driver, until, requests } = playChange('DeleteTopics', [
      named({ [topic]: 0, other: requestTimedOut }),
      named({ other: unknownTopic }),
    ])
    expect(await until(driver.admin.deleteTopics([topic, 'other']))).toBe(undefined)
    expect(requests.filter((each) => each.endsWith('DeleteTopics')).length).toBe(2)
    const first = playChange('CreateTopics', [named({ [topic]: topicExists })])
    await expect(first.until(first.driver.admin.createTopics([{ topic, partitions: 1 }]))).rejects.toMatchObject({
      code: 'TOPIC_EXISTS',
    })
    await Promise.all([driver.close(), first.driver.close()])
  })
})

function oneRecord(): RecordBatchBuilder {
  const builder = new RecordBatchBuilder()
  builder.append(0, null, 'a')
  return builder
}

function produced(error: number): unknown {
  return [{ topic, partitions: [{ partition: 0, error, baseOffset: 7, errorMessage: null }] }]
}
