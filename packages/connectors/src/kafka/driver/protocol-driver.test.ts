// The driver on brokers that are played, in virtual time: what it does about answers that real brokers seldom give.
import { SimulatedClock } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { ConnectionLostError } from './connection/broker-connection.ts'
import { connectionSettings } from './connection/connection-settings.ts'
import { ProtocolDriver } from './protocol-driver.ts'
import { RecordBatchBuilder } from './record-batch/record-batch-builder.ts'

const topic = 't'
const notLeader = 6
const unknownTopic = 3
const leaderNotAvailable = 5

/** What a broker answers to a request of that name, as read from the wire; an error is thrown. */
type Answer = (port: number, apiName: string) => unknown

function play(answer: Answer): {
  driver: ProtocolDriver
  requests: string[]
  until: <T>(done: Promise<T>) => Promise<T>
  clock: SimulatedClock
} {
  const clock = new SimulatedClock()
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
    return [{ topic, partitions: [{ partition: 0, error, baseOffset: 7, errorMessage: null }] }]
  })
  const producer = driver.createProducer()
  const builder = new RecordBatchBuilder()
  builder.append(0, null, 'a')
  expect(await until(producer.send(topic, 0, builder))).toEqual({ baseOffset: 7 })
  expect([answers, producer.pendingBytes]).toEqual([3, 0])
  await driver.close()
})
