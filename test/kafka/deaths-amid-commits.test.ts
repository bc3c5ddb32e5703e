// What a broker promises that exactly-once output rests on. Brokers of Kafka 4.3.1 break it more often than not.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type { KafkaDriver, TransactionalIdentity } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import { driverContext, write } from './driver-context.ts'
import { startTestCluster } from './test-cluster.ts'

const deaths = 2
const brokerId = 1
const timeoutMs = 300_000
/** One after the other, so that some are not begun, some under way and some done when the broker dies. */
const transactionCount = 40
const partitions = [0, 1, 2, 3].map((partition) => ({ topic: 'out', partition }))

test('A broker that dies amid commits and aborts of transactions ends them all when it is back', async () => {
  const cluster = await startTestCluster()
  onTestFinished(() => cluster.kill())
  const driver = createKafkaDriver({ bootstrapServers: [cluster.bootstrapServers] }, driverContext)
  onTestFinished(() => driver.close())
  await driver.admin.createTopics([{ topic: 'out', partitions: partitions.length }])
  for (let death = 0; death < deaths; death++) {
    const identities = await Promise.all(
      Array.from({ length: transactionCount }, (_, i) => written(driver, `transaction-${death}-${i}`)),
    )
    const ended = identities.map(async (identity, i) => {
      await delay(i)
      if (i % 2 === 0) await driver.endTransaction(identity, 'commit')
      else await driver.initProducerId(identity.transactionalId, timeoutMs)
    })
    for (const each of ended) each.catch(() => {})
    await delay(transactionCount / 2)
    await cluster.killBroker(brokerId)
    await cluster.startBroker(brokerId)
    await Promise.all(ended)
    await vi.waitFor(
      async () => {
        const ends = await driver.listOffsets(partitions, 'latest', 'read_uncommitted')
        expect(await driver.listOffsets(partitions, 'latest'), 'how far it can be read').toEqual(ends)
      },
      { timeout: 20_000, interval: 100 },
    )
  }
})

/** An open transaction with a record in each partition. */
async function written(driver: KafkaDriver, transactionalId: string): Promise<TransactionalIdentity> {
  const identity = (await driver.initProducerId(transactionalId, timeoutMs)) as TransactionalIdentity
  const producer = driver.createProducer({ identity })
  producer.beginTransaction()
  await Promise.all(partitions.map(({ topic, partition }) => write(producer, topic, partition, 'a record')))
  await producer.close()
  return identity
}
