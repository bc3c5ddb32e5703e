import { SystemClock, silentLogger } from '@millrace/runtime/testing'
// The connector writes to topics that exist, so its door has nothing that makes them.
import { createKafkaDriver } from '../../../connectors/src/kafka/driver/create-kafka-driver.ts'

/** Makes those of the topics that are not there. */
export async function createTopics(brokers: string, topics: readonly string[], partitionCount: number): Promise<void> {
  const context = { clock: new SystemClock(), logger: silentLogger }
  const driver = createKafkaDriver({ bootstrapServers: brokers.split(','), clientId: 'millrace-demo' }, context)
  try {
    for (const topic of topics) {
      await driver.admin.createTopics([{ topic, partitions: partitionCount }]).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== 'TOPIC_EXISTS') throw error
      })
    }
  } finally {
    await driver.close()
  }
}
