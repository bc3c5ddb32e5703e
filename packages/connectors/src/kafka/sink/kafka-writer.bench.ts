// Run by `node packages/connectors/src/kafka/sink/kafka-writer.bench.ts`: records a second, by CPU time, that a writer makes batches
// of, without broker: batches are sealed and acknowledged a turn later. Keys of 8 bytes and values of 30, eight partitions.
import { SystemClock, testSinkWriterContext } from '@millrace/runtime/testing'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import type { KafkaProducer, ProducedBatch } from '../driver/kafka-producer.ts'
import type { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import type { KafkaRecordSerializer } from './kafka-record-serializer.ts'
import { kafkaSinkSettings } from './kafka-sink-settings.ts'
import { KafkaWriter } from './kafka-writer.ts'
import { recordFields } from './record-fields.ts'

interface Entry {
  readonly key: string
  readonly value: string
}

const recordCount = Number(process.env.RECORDS ?? 2_000_000)
const repetitions = 3
const partitions = Array.from({ length: 8 }, (_, partition) => ({ partition, leader: 1, replicas: [1] }))
const entries: readonly Entry[] = Array.from({ length: 4_096 }, (_, i) => ({
  key: `key-${1_000 + i}`,
  value: `value-${10_000_000 + i}-of-the-bench-`,
}))

class NullProducer {
  readonly failure = undefined
  readonly #sent: [RecordBatchBuilder, (produced: ProducedBatch) => void][] = []

  send(_topic: string, _partition: number, batch: RecordBatchBuilder): Promise<ProducedBatch> {
    batch.seal({ compression: 'none', producerId: 1, epoch: 0, baseSequence: 0, isTransactional: false })
    const { promise, resolve } = Promise.withResolvers<ProducedBatch>()
    this.#sent.push([batch, resolve])
    return promise
  }

  whenRoom(): undefined {}

  async flush(): Promise<void> {
    for (const [, resolve] of this.#sent.splice(0)) resolve({ baseOffset: 0 })
    await new Promise((resolve) => setImmediate(resolve))
  }

  async close(): Promise<void> {}
}

async function measure(name: string, recordSerializer: KafkaRecordSerializer<Entry>): Promise<void> {
  const settings = kafkaSinkSettings({ bootstrapServers: 'none:9092' })
  const producer = new NullProducer()
  const driver = { topics: async () => [{ topic: 't', partitions, isInternal: false }] }
  const writer = new KafkaWriter<Entry>({
    settings,
    fields: recordFields(recordSerializer),
    context: testSinkWriterContext({ clock: new SystemClock() }),
    driver: driver as unknown as KafkaDriver,
    producer: producer as unknown as KafkaProducer,
    close: async () => {},
  })
  await writer.open()
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const before = process.cpuUsage()
    for (let i = 0; i < recordCount; i++) {
      const pushedBack = writer.write(entries[i & 0xfff]!)
      if (pushedBack !== undefined) await pushedBack
      // As the loop of a slot: answers are taken between bursts.
      if ((i & 0xfff) === 0) await producer.flush()
    }
    const { user, system } = process.cpuUsage(before)
    const seconds = (user + system) / 1_000_000
    console.log(
      `${name}: ${(recordCount / seconds / 1_000_000).toFixed(2)} M records/s, ${Math.round((seconds / recordCount) * 1e9)} ns each`,
    )
  }
  await writer.close()
}

await measure('key and value', { topic: 't', key: ({ key }) => key, value: ({ value }) => value })
await measure('key, value, time', {
  topic: 't',
  key: ({ key }) => key,
  value: ({ value }) => value,
  timestampMs: () => 1,
})
await measure('value', { topic: 't', value: ({ value }) => value })
await measure('key and value, topic by record', {
  topic: () => 't',
  key: ({ key }) => key,
  value: ({ value }) => value,
})
await measure('key and JSON', {
  topic: 't',
  key: ({ key }) => key,
  value: { serialize: (entry) => JSON.stringify(entry) },
})
