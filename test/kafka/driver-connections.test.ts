// Connections that break at any moment: nothing is lost, doubled or out of order.
import type { KafkaDriverName } from '@millrace/runtime/connector'
import { SeededRandom } from '@millrace/runtime/testing'
import { describe, expect, test } from 'vitest'
import type {
  BrokerConnection,
  ConnectBroker,
} from '../../packages/connectors/src/kafka/driver/connection/broker-connection.ts'
import { ConnectionLostError } from '../../packages/connectors/src/kafka/driver/connection/broker-connection.ts'
import { connectionSettings } from '../../packages/connectors/src/kafka/driver/connection/connection-settings.ts'
import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import type { WireRequest } from '../../packages/connectors/src/kafka/driver/protocol/wire-request.ts'
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
import { brokers, uniqueName } from './kafka.ts'

const seeds = process.env.MILLRACE_SEED === undefined ? [1, 2, 3] : [Number(process.env.MILLRACE_SEED)]

describe.each(kafkaDriverNames)('Connections of %s that break', (name) => {
  test.each(seeds)(
    'before a request left or before its answer came, lose and double nothing (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed)
      const settings = connectionSettings({
        bootstrapServers: brokers().split(','),
        retryBackoffMs: 5,
        retryBackoffMaxMs: 20,
      })
      const driver = new ProtocolDriver(settings, driverContext, breaking(name, random, 0.1))
      const topic = uniqueName('breaking')
      const steady = kafkaDriverFor(name)({ bootstrapServers: brokers().split(',') }, driverContext)
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
    const driver = new ProtocolDriver(settings, driverContext, breaking(name, random, 1, 'Produce'))
    const topic = uniqueName('undelivered')
    await driver.admin.createTopics([{ topic, partitions: 1 }])
    const producer = driver.createProducer({ deliveryTimeoutMs: 500 })
    const error = await rejectionOf(producer.send(topic, 0, batchOf('a')))
    expect(error).toMatchObject({ code: 'DELIVERY_TIMED_OUT', facts: { topic, partition: 0, timeoutMs: 500 } })
    expect(await rejectionOf(producer.flush())).toBe(error)
    await driver.close()
  })
})

/** Connections, of whose requests some never leave, and some leave and lose their answer; each such one breaks. */
function breaking(name: KafkaDriverName, random: SeededRandom, probability: number, apiName?: string): ConnectBroker {
  return async (...args) => {
    const connection = await connectOf[name](...args)
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
