import type { KafkaDriverName } from '@millrace/runtime/connector'
import { SystemClock } from '@millrace/runtime/testing'
import type { ConnectBroker } from '../../packages/connectors/src/kafka/driver/connection/broker-connection.ts'
import { connectByKafkajs } from '../../packages/connectors/src/kafka/driver/connection/kafkajs-connection.ts'
import { connectByPlatformatic } from '../../packages/connectors/src/kafka/driver/connection/platformatic-connection.ts'
import type { KafkaDriverContext } from '../../packages/connectors/src/kafka/driver/connection-options.ts'
import type {
  KafkaDriver,
  PartitionOffset,
  TransactionalIdentity,
} from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import type { FetcherOptions } from '../../packages/connectors/src/kafka/driver/kafka-fetcher.ts'
import type { KafkaProducer, ProducerOptions } from '../../packages/connectors/src/kafka/driver/kafka-producer.ts'
import { RecordBatchBuilder } from '../../packages/connectors/src/kafka/driver/record-batch/record-batch-builder.ts'

/** All that `kafka.driver` may name: each does the same. */
export const kafkaDriverNames: readonly KafkaDriverName[] = ['kafkajs', 'platformatic']

export const connectOf: Readonly<Record<KafkaDriverName, ConnectBroker>> = {
  kafkajs: connectByKafkajs,
  platformatic: connectByPlatformatic,
}

const ignore = (): void => {}

/** The real world, without its logs. */
export const driverContext: KafkaDriverContext = {
  clock: new SystemClock(),
  logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
}

/** One batch with these values, without keys. Of now: brokers forget records, and producers, by the time in their batches. */
export function batchOf(...values: readonly string[]): RecordBatchBuilder {
  const batch = new RecordBatchBuilder()
  for (const value of values) batch.append(Date.now(), null, value)
  return batch
}

/** Sends one batch and waits for it. */
export async function write(
  producer: KafkaProducer,
  topic: string,
  partition: number,
  ...values: string[]
): Promise<void> {
  await producer.send(topic, partition, batchOf(...values))
}

/** All values of a topic's partitions up to where they end now, each with partition and offset in front: `0@12 text`. */
export async function readAll(driver: KafkaDriver, topic: string, options: FetcherOptions = {}): Promise<string[]> {
  const [found] = await driver.topics([topic])
  const partitions = found!.partitions.map(({ partition }) => ({ topic, partition }))
  const ends = await driver.listOffsets(partitions, 'latest', options.isolation)
  const starts = await driver.listOffsets(partitions, 'earliest')
  return readBetween(driver, starts, ends, options)
}

export async function readBetween(
  driver: KafkaDriver,
  starts: readonly PartitionOffset[],
  ends: readonly PartitionOffset[],
  options: FetcherOptions = {},
): Promise<string[]> {
  const fetcher = driver.createFetcher(options)
  fetcher.assign(starts.map((start, i) => ({ ...start, stoppingOffset: ends[i]!.offset })))
  const seen: string[] = []
  for (let ended = 0; ended < starts.length; ) {
    for (let record = fetcher.next(); record !== undefined; record = fetcher.next()) {
      seen.push(`${record.partition}@${record.offset} ${record.valueText()}`)
    }
    ended += fetcher.takeEnded().length
    if (ended < starts.length) await fetcher.available()
  }
  await fetcher.close()
  return seen
}

/** The values of each partition, until there are `count`. */
export async function readRecords(
  driver: KafkaDriver,
  topic: string,
  partitions: number,
  count: number,
): Promise<string[][]> {
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

/** A producer of its own transactional id, in an open transaction. */
export async function transactionalProducer(
  driver: KafkaDriver,
  transactionalId: string,
  options: ProducerOptions = {},
): Promise<{ readonly identity: TransactionalIdentity; readonly producer: KafkaProducer }> {
  const identity = { ...(await driver.initProducerId(transactionalId, 60_000)), transactionalId }
  const producer = driver.createProducer({ ...options, identity })
  producer.beginTransaction()
  return { identity, producer }
}

/** What `promise` rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('It did not reject')
    },
    (error: unknown) => error,
  )
}
