// Topics of the bench, by the driver itself: what is read and written here is outside of what is measured.
import { setTimeout as sleep } from 'node:timers/promises'
import { SystemClock } from '@millrace/runtime/testing'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type { KafkaDriver } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import { RecordBatchBuilder } from '../../packages/connectors/src/kafka/driver/record-batch/record-batch-builder.ts'
import type { CheckValues } from './check-values.ts'
import { kafkaRecord, partitionCount, userCount, userPrefix } from './kafka-record.ts'

const batchBytes = 128 * 1024
const deletionSecondsMax = 30

/** Calls `use` with a driver that is connected to `brokers`, and closes it. */
export async function withKafka<T>(brokers: string, use: (driver: KafkaDriver) => Promise<T>): Promise<T> {
  const ignore = (): void => {}
  const context = { clock: new SystemClock(), logger: { debug: ignore, info: ignore, warn: ignore, error: ignore } }
  const driver = createKafkaDriver({ bootstrapServers: brokers.split(',') }, context)
  try {
    await driver.connect()
    return await use(driver)
  } finally {
    await driver.close()
  }
}

/** Writes the first `count` records to `topic`, unless it has as many. */
export async function fillTopic(driver: KafkaDriver, topic: string, count: number): Promise<void> {
  if ((await fewestRecords(driver, topic)) >= count / partitionCount) return
  await freshTopic(driver, topic)
  const producer = driver.createProducer({ identity: await driver.initProducerId() })
  const batches = partitionsOf(topic).map(() => new RecordBatchBuilder(batchBytes))
  for (let i = 0; i < count; i++) {
    const partition = i % partitionCount
    const batch = batches[partition]!
    batch.append(Date.now(), null, kafkaRecord(i))
    if (batch.sizeBytes < batchBytes && i < count - partitionCount) continue
    void producer.send(topic, partition, batch)
    batches[partition] = new RecordBatchBuilder(batchBytes)
    await (producer.whenRoom() ?? new Promise((resolve) => setImmediate(resolve)))
  }
  await producer.flush()
}

/** Makes `topic` anew. */
export async function freshTopic(driver: KafkaDriver, topic: string): Promise<void> {
  const isThere = async (): Promise<boolean> => (await driver.topics([topic])).length > 0
  if (await isThere()) {
    await driver.admin.deleteTopics([topic])
    const deadline = performance.now() + deletionSecondsMax * 1_000
    while (await isThere()) {
      if (performance.now() > deadline) throw new Error(`Topic "${topic}" is still there ${deletionSecondsMax} s later`)
      await sleep(100)
    }
  }
  await driver.admin.createTopics([{ topic, partitions: partitionCount }])
}

/** What a reader of committed records finds in `topic`: records, users, and the total of the last counts of all users. */
export async function checkCounts(driver: KafkaDriver, topic: string): Promise<CheckValues> {
  const ends = await driver.listOffsets(partitionsOf(topic), 'latest')
  const fetcher = driver.createFetcher({ isolation: 'read_committed' })
  fetcher.assign(ends.map(({ offset, ...partition }) => ({ ...partition, offset: 0, stoppingOffset: offset })))
  const lastCounts = new Int32Array(userCount)
  let sinkRecords = 0
  for (let ended = fetcher.takeEnded().length; ended < ends.length; ended += fetcher.takeEnded().length) {
    await fetcher.available()
    for (let record = fetcher.next(); record !== undefined; record = fetcher.next()) {
      sinkRecords++
      const text = record.valueText()!
      const comma = text.indexOf(',')
      const user = Number(text.slice(userPrefix.length, comma))
      lastCounts[user] = Math.max(lastCounts[user]!, Number(text.slice(comma + 1)))
    }
  }
  await fetcher.close()
  const checksum = lastCounts.reduce((total, count) => total + count, 0)
  return { sinkRecords, keys: lastCounts.filter((count) => count > 0).length, checksum }
}

async function fewestRecords(driver: KafkaDriver, topic: string): Promise<number> {
  const [found] = await driver.topics([topic])
  if (found?.partitions.length !== partitionCount) return 0
  const ends = await driver.listOffsets(partitionsOf(topic), 'latest')
  return Math.min(...ends.map(({ offset }) => offset))
}

function partitionsOf(topic: string): { readonly topic: string; readonly partition: number }[] {
  return Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition }))
}
