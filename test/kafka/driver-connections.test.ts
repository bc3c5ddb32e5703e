// The default driver, whose connections break at any moment, and brokers that die: nothing is lost, doubled or out of order.
import { SeededRandom } from '@millrace/runtime/testing'
import { describe, expect, test } from 'vitest'
import type {
  BrokerConnection,
  ConnectBroker,
} from '../../packages/connectors/src/kafka/driver/connection/broker-connection.ts'
import { ConnectionLostError } from '../../packages/connectors/src/kafka/driver/connection/broker-connection.ts'
import { connectionSettings } from '../../packages/connectors/src/kafka/driver/connection/connection-settings.ts'
import { connectByKafkajs } from '../../packages/connectors/src/kafka/driver/connection/kafkajs-connection.ts'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type { KafkaDriver } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import type { WireRequest } from '../../packages/connectors/src/kafka/driver/protocol/wire-request.ts'
import { ProtocolDriver } from '../../packages/connectors/src/kafka/driver/protocol-driver.ts'
import { batchOf, driverContext, readAll, rejectionOf } from './driver-context.ts'
import { brokers, sasl, uniqueName } from './kafka.ts'
import { startTestCluster } from './test-cluster.ts'

const seeds = process.env.MILLRACE_SEED === undefined ? [1, 2, 3] : [Number(process.env.MILLRACE_SEED)]

describe('Connections that break', () => {
  test.each(seeds)(
    'before a request left or before its answer came, lose and double nothing (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed)
      const settings = connectionSettings({
        bootstrapServers: brokers().split(','),
        retryBackoffMs: 5,
        retryBackoffMaxMs: 20,
      })
      const driver = new ProtocolDriver(settings, driverContext, breaking(random, 0.1))
      const topic = uniqueName('breaking')
      const steady = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)
      await steady.admin.createTopics([{ topic, partitions: 3 }])
      const identity = await driver.initProducerId()
      const producer = driver.createProducer({ identity })
      const reading = readRecords(driver, topic, 3, 300)
      for (let i = 0; i < 300; i++) {
        void producer.send(topic, i % 3, batchOf(String(i)))
        if (i % 10 === 9) await driver.listOffsets([{ topic, partition: 0 }], 'latest')
      }
      await producer.flush()
      const expected = [0, 1, 2].map((partition) => Array.from({ length: 100 }, (_, i) => String(i * 3 + partition)))
      expect(await reading).toEqual(expected)
      expect((await readAll(steady, topic)).length).toBe(300)
      await Promise.all([driver.close(), steady.close()])
    },
  )

  test('time after time end a delivery at its timeout, with the last reason', async () => {
    const settings = connectionSettings({ bootstrapServers: brokers().split(','), retryBackoffMaxMs: 100 })
    const random = new SeededRandom(1)
    const driver = new ProtocolDriver(settings, driverContext, breaking(random, 1, 'Produce'))
    const topic = uniqueName('undelivered')
    await driver.admin.createTopics([{ topic, partitions: 1 }])
    const producer = driver.createProducer({ deliveryTimeoutMs: 500 })
    const error = await rejectionOf(producer.send(topic, 0, batchOf('a')))
    expect(error).toMatchObject({ code: 'DELIVERY_TIMED_OUT', facts: { topic, partition: 0, timeoutMs: 500 } })
    expect(await rejectionOf(producer.flush())).toBe(error)
    await driver.close()
  })
})

describe('Three brokers', () => {
  test('of which one dies and comes back, and leaders move, lose and double nothing', async () => {
    await using cluster = await startTestCluster({ brokerCount: 3 })
    const driver = createKafkaDriver({ bootstrapServers: cluster.bootstrapServers.split(',') }, driverContext)
    const topic = uniqueName('dying')
    await driver.admin.createTopics([
      { topic, partitions: 3, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } },
    ])
    const identity = { ...(await driver.initProducerId('dying', 60_000)), transactionalId: 'dying' }
    const plain = driver.createProducer({ identity: await driver.initProducerId() })
    const transactional = driver.createProducer({ identity })
    transactional.beginTransaction()
    const reading = readRecords(driver, topic, 3, 3_000)
    const leader = async () => (await driver.topics([topic]))[0]!.partitions[0]!.leader
    const victim = await leader()
    for (let i = 0; i < 3_000; i++) {
      const producer = i % 2 === 0 ? plain : transactional
      void producer.send(topic, i % 3, batchOf(String(i)))
      if (i === 1_000) await cluster.killBroker(victim)
      if (i === 2_000) {
        await expect.poll(leader, { timeout: 60_000 }).not.toBe(victim)
        await cluster.startBroker(victim)
      }
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await Promise.all([plain.flush(), transactional.flush()])
    await driver.endTransaction(identity, 'commit')
    await driver.commitOffsets('dying', [{ topic, partition: 0, offset: 7 }])
    const seen = await reading
    // Two producers keep their order each.
    for (const [partition, values] of seen.entries()) {
      const all = Array.from({ length: 1_000 }, (_, i) => String(i * 3 + partition))
      for (const parity of [0, 1]) {
        const ofProducer = (each: string): boolean => Number(each) % 2 === parity
        expect(values.filter(ofProducer)).toEqual(all.filter(ofProducer))
      }
    }
    expect(await driver.fetchCommittedOffsets('dying', [{ topic, partition: 0 }])).toEqual([
      { topic, partition: 0, offset: 7 },
    ])
    await driver.close()
  })
})

describe('A listener with SASL over TLS', () => {
  const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

  test.each(mechanisms)('lets in by %s, and says what is wrong with the password', async (mechanism) => {
    const { bootstrapServers, certificate, username, password } = sasl()
    const options = { bootstrapServers: bootstrapServers.split(','), tls: { ca: certificate } }
    const driver = createKafkaDriver({ ...options, sasl: { mechanism, username, password } }, driverContext)
    const topic = uniqueName('sasl')
    await driver.admin.createTopics([{ topic, partitions: 1 }])
    await driver.createProducer().send(topic, 0, batchOf('a'))
    expect(await readAll(driver, topic)).toEqual(['0@0 a'])
    await driver.close()

    const wrong = createKafkaDriver({ ...options, sasl: { mechanism, username, password: 'wrong' } }, driverContext)
    expect(await rejectionOf(wrong.connect())).toMatchObject({ code: 'AUTHENTICATION_FAILED', facts: { mechanism } })
    await wrong.close()
  })

  test('says what is missing to one that comes without certificate, user or TLS', async () => {
    const { bootstrapServers: servers, certificate: ca, username, password } = sasl()
    const bootstrapServers = servers.split(',')
    const user = { mechanism: 'plain', username, password } as const
    const connect = async (options: Partial<Parameters<typeof createKafkaDriver>[0]>): Promise<unknown> => {
      const driver = createKafkaDriver({ bootstrapServers, retryTimeoutMs: 500, ...options }, driverContext)
      const error = await rejectionOf(driver.connect())
      await driver.close()
      return error
    }
    expect(await connect({ tls: true, sasl: user })).toMatchObject({
      code: 'TLS_FAILED',
      message: expect.stringContaining('tls.ca'),
    })
    expect(await connect({ tls: { ca } })).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: expect.stringContaining('option "sasl"'),
    })
    expect(await connect({ sasl: user })).toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: expect.stringContaining('option "tls"'),
    })
  })
})

/** The values of each partition, until there are `count`. */
async function readRecords(driver: KafkaDriver, topic: string, partitions: number, count: number): Promise<string[][]> {
  const seen: string[][] = Array.from({ length: partitions }, () => [])
  const fetcher = driver.createFetcher()
  fetcher.assign(seen.map((_, partition) => ({ topic, partition, offset: 0 })))
  for (let read = 0; read < count; ) {
    await fetcher.available()
    for (let record = fetcher.next(); record !== undefined; record = fetcher.next()) {
      seen[record.partition]!.push(record.valueText()!)
      read++
    }
  }
  await fetcher.close()
  return seen
}

/** Connections, of whose requests some never leave, and some leave and lose their answer; each such one breaks. */
function breaking(random: SeededRandom, probability: number, apiName?: string): ConnectBroker {
  return async (...args) => {
    const connection = await connectByKafkajs(...args)
    const { address } = connection
    const broken: BrokerConnection = {
      address,
      get isOpen() {
        return connection.isOpen
      },
      async send<T>(request: WireRequest<T>): Promise<T> {
        const isHit =
          (apiName === undefined || request.apiName === apiName) && random.below(1_000) < probability * 1_000
        if (!isHit) return connection.send(request)
        if (random.below(2) === 0) await connection.send(request)
        connection.close()
        throw new ConnectionLostError(address, `${request.apiName}: broken by the test`)
      },
      close: () => connection.close(),
    }
    return broken
  }
}
