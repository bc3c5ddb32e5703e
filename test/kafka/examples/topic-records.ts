// What tests of examples put into topics and find there: as a program of somebody else's would, and as Kafka's own tools do.
import { createKafkaDriver } from '../../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type { KafkaDriver } from '../../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import { driverContext, write } from '../driver-context.ts'
import { brokers, kafkaTool, uniqueName } from '../kafka.ts'

const driver: KafkaDriver = createKafkaDriver({ bootstrapServers: brokers().split(',') }, driverContext)

/** Makes a topic with a name of its own. */
export async function newTopic(prefix: string, partitions: number): Promise<string> {
  const topic = uniqueName(prefix)
  await driver.admin.createTopics([{ topic, partitions }])
  return topic
}

/** Writes them in turns to the partitions of the topic. */
export async function writeValues(topic: string, partitions: number, values: readonly string[]): Promise<void> {
  const producer = driver.createProducer()
  for (let partition = 0; partition < partitions; partition++) {
    const own = values.filter((_, i) => i % partitions === partition)
    if (own.length > 0) await write(producer, topic, partition, ...own)
  }
  await producer.close()
}

/** A record as Kafka's console consumer shows it. */
export interface ShownRecord {
  readonly key: string
  readonly value: string
}

/**
 * The first `count` records of the topic that are committed, as soon as there are so many; `whole`: all that there are, which
 * takes some seconds more to know.
 */
export async function committedRecords(
  topic: string,
  count: number,
  mode: 'first' | 'whole' = 'first',
): Promise<readonly ShownRecord[]> {
  const end = mode === 'first' ? ['--max-messages', String(count)] : ['--timeout-ms', '6000']
  const printed = ['--formatter-property', 'print.key=true', '--formatter-property', 'key.separator=|']
  const reading = ['--topic', topic, '--from-beginning', '--isolation-level', 'read_committed']
  const text = await kafkaTool('console-consumer', ['--bootstrap-server', brokers(), ...reading, ...printed, ...end])
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const at = line.indexOf('|')
    return { key: line.slice(0, at), value: line.slice(at + 1) }
  })
}

/** Waits until the group has told Kafka that it has read so many records of the topic. */
export async function untilCommitted(groupId: string, topic: string, partitions: number, count: number): Promise<void> {
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
  for (;;) {
    const committed = await driver.fetchCommittedOffsets(groupId, all)
    const sum = committed.reduce((total, { offset }) => total + Math.max(0, offset), 0)
    if (sum === count) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export function closeTopics(): Promise<void> {
  return driver.close()
}
