// Users, passwords and certificates, on connections of each library.
import { describe, expect, test } from 'vitest'
import { connectionSettings } from '../../packages/connectors/src/kafka/driver/connection/connection-settings.ts'
import type { KafkaConnectionOptions } from '../../packages/connectors/src/kafka/driver/connection-options.ts'
import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import { ProtocolDriver } from '../../packages/connectors/src/kafka/driver/protocol-driver.ts'
import {
  batchOf,
  connectOf,
  driverContext,
  kafkaDriverNames,
  readAll,
  readRecords,
  rejectionOf,
} from './driver-context.ts'
import { sasl, uniqueName } from './kafka.ts'
import { startTestCluster } from './test-cluster.ts'

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

describe.each(kafkaDriverNames)('On a listener with SASL over TLS, %s', (name) => {
  const createDriver = kafkaDriverFor(name)
  test.each(mechanisms)('logs in by %s, and says so when the password is wrong', async (mechanism) => {
    const { bootstrapServers, certificate, username, password } = sasl()
    const options = { bootstrapServers: bootstrapServers.split(','), tls: { ca: certificate } }
    const driver = createDriver({ ...options, sasl: { mechanism, username, password } }, driverContext)
    const topic = uniqueName('sasl')
    await driver.admin.createTopics([{ topic, partitions: 1 }])
    await driver.createProducer().send(topic, 0, batchOf('a'))
    expect(await readAll(driver, topic)).toEqual(['0@0 a'])
    await driver.close()

    const wrong = createDriver({ ...options, sasl: { mechanism, username, password: 'wrong' } }, driverContext)
    expect(await rejectionOf(wrong.connect())).toMatchObject({ code: 'AUTHENTICATION_FAILED', facts: { mechanism } })
    await wrong.close()
  })

  test('says what is missing where it comes without certificate, user or TLS', async () => {
    const { bootstrapServers: servers, certificate: ca, username, password } = sasl()
    const bootstrapServers = servers.split(',')
    const user = { mechanism: 'plain', username, password } as const
    const connect = async (options: Partial<KafkaConnectionOptions>): Promise<unknown> => {
      const driver = createDriver({ bootstrapServers, retryTimeoutMs: 500, ...options }, driverContext)
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

describe('Logins that a broker lets last for seconds', () => {
  test('are renewed between requests, on the same connections', async () => {
    const properties = { 'connections.max.reauth.ms': '10000' }
    await using cluster = await startTestCluster({ sasl: true, properties })
    const { bootstrapServers, certificate: ca, username, password } = cluster.sasl!
    const counts = await Promise.all(
      kafkaDriverNames.map(async (name) => {
        let connections = 0
        const driver = new ProtocolDriver(
          connectionSettings({
            bootstrapServers: bootstrapServers.split(','),
            tls: { ca },
            sasl: { mechanism: 'scram-sha-256', username, password },
          }),
          driverContext,
          (...args) => {
            connections++
            return connectOf[name](...args)
          },
        )
        const topic = uniqueName('renewed')
        await driver.admin.createTopics([{ topic, partitions: 1 }])
        const producer = driver.createProducer({ identity: await driver.initProducerId() })
        const until = Date.now() + 12_000
        const sent: string[] = []
        for (; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 5))) {
          sent.push(String(sent.length))
          void producer.send(topic, 0, batchOf(sent.at(-1)!))
          if (sent.length % 20 === 0) await driver.listOffsets([{ topic, partition: 0 }], 'latest')
        }
        await producer.flush()
        expect(await readRecords(driver, topic, 1, sent.length)).toEqual([sent])
        await driver.close()
        return connections
      }),
    )
    // One for requests, one for the producer and one for the fetcher.
    expect(counts).toEqual([3, 3])
  })
})
