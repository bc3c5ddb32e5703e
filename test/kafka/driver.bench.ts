// Run by `KAFKA_BROKERS=host:port [DRIVER=platformatic] node test/kafka/driver.bench.ts`: records a second that a driver writes and reads, in
// one thread, keys of 8 bytes and values of 30, in four partitions. CPU time too: on a busy machine only that can be compared.

import type { KafkaDriver } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import { kafkaDriverFor } from '../../packages/connectors/src/kafka/driver/kafka-driver-for.ts'
import type { KafkaProducer } from '../../packages/connectors/src/kafka/driver/kafka-producer.ts'
import { RecordBatchBuilder } from '../../packages/connectors/src/kafka/driver/record-batch/record-batch-builder.ts'
import { driverContext } from './driver-context.ts'

const partitions = [0, 1, 2, 3]
const recordCount = Number(process.env.RECORDS ?? 2_000_000)
const batchBytes = 64 * 1024

const name = process.env.DRIVER === 'platformatic' ? 'platformatic' : 'kafkajs'
const driver = kafkaDriverFor(name)({ bootstrapServers: (process.env.KAFKA_BROKERS ?? '').split(',') }, driverContext)
for (const compression of ['none', 'lz4', 'zstd'] as const) {
  const topic = `bench-${compression}-${Date.now()}`
  await driver.admin.createTopics([{ topic, partitions: partitions.length }])
  const producer = driver.createProducer({ compression, identity: await driver.initProducerId() })
  await measure(`write ${compression}`, () => write(producer, topic))
  for (const what of ['nothing', 'value as text', 'key and value as text'] as const) {
    await measure(`read ${compression}, ${what}`, () => read(driver, topic, what))
  }
  await driver.admin.deleteTopics([topic])
}
await driver.close()

async function write(producer: KafkaProducer, topic: string): Promise<void> {
  const now = Date.now()
  const builders = partitions.map(() => new RecordBatchBuilder(batchBytes + 1_024))
  for (let i = 0; i < recordCount; i++) {
    const partition = i % partitions.length
    const builder = builders[partition]!
    builder.append(now, `key-${1_000 + (i & 0xfff)}`, `value-${10_000_000 + i}-of-the-bench-`)
    if (builder.sizeBytes < batchBytes) continue
    void producer.send(topic, partition, builder)
    builders[partition] = new RecordBatchBuilder(batchBytes + 1_024)
    // As the loop of a slot: answers are taken between bursts.
    await (producer.whenRoom() ?? new Promise((resolve) => setImmediate(resolve)))
  }
  for (const [partition, builder] of builders.entries()) {
    if (builder.recordCount > 0) void producer.send(topic, partition, builder)
  }
  await producer.flush()
}

async function read(from: KafkaDriver, topic: string, what: string): Promise<void> {
  const ends = await from.listOffsets(
    partitions.map((partition) => ({ topic, partition })),
    'latest',
  )
  const fetcher = from.createFetcher()
  fetcher.assign(ends.map(({ offset, ...each }) => ({ ...each, offset: 0, stoppingOffset: offset })))
  let count = 0
  let length = 0
  for (let ended = 0; ended < partitions.length; ) {
    for (let record = fetcher.next(); record !== undefined; record = fetcher.next()) {
      count++
      if (what !== 'nothing') length += record.valueText()!.length
      if (what === 'key and value as text') length += record.keyText()!.length
    }
    ended += fetcher.takeEnded().length
    if (ended < partitions.length) await fetcher.available()
  }
  await fetcher.close()
  if (count !== recordCount) throw new Error(`${count} records (${length} characters) were read, not ${recordCount}`)
}

async function measure(name: string, run: () => Promise<void>): Promise<void> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await run()
  const wallMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpu)
  const millions = (ms: number): string => (recordCount / ms / 1_000).toFixed(2)
  console.log(`${name}: ${millions(wallMs)} M/s, ${millions((user + system) / 1_000)} M per second of CPU`)
}
