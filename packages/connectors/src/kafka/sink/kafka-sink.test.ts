import { defineJob, WatermarkStrategy } from '@millrace/runtime'
import { runInSimulation } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { stringFormat } from '../formats/string-format.ts'
import { KafkaSource } from '../source/kafka-source.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { KafkaSink } from './kafka-sink.ts'

test.each([1, 2, 3])(
  'A job copies a topic, each key in order, and connects no longer than it runs (seed %i)',
  async (seed) => {
    const kafka = new FakeKafka()
    kafka.createTopic('in', 2)
    kafka.createTopic('out', 3)
    for (let i = 0; i < 300; i++) kafka.write('in', i % 2, `${i % 10}:${i}`)
    const job = defineJob('copy', (env) => {
      const source = new KafkaSource({
        bootstrapServers: 'fake:9092',
        topics: 'in',
        bounded: 'latest',
        valueOnlyDeserializer: stringFormat(),
        driver: kafka.driver,
      })
      const sink = new KafkaSink<string>({
        bootstrapServers: 'fake:9092',
        recordSerializer: { topic: 'out', key: (text) => text.split(':')[0]!, value: stringFormat() },
        batchBytes: 300,
        driver: kafka.driver,
      })
      env
        .fromSource(source, WatermarkStrategy.noWatermarks(), 'In')
        .keyBy((text) => text.split(':')[0]!)
        .map((text) => text)
        .sinkTo(sink)
    })
    await runInSimulation(job, { parallelism: 2, seed })
    const written = kafka.records('out').map(({ key, value }) => ({ key: key!.toString(), value: value!.toString() }))
    for (let key = 0; key < 10; key++) {
      const values = written.filter((each) => each.key === `${key}`).map(({ value }) => value)
      expect(values).toEqual(Array.from({ length: 30 }, (_, i) => `${key}:${i * 10 + key}`))
    }
    expect(written).toHaveLength(300)
    expect(kafka.openDrivers).toBe(0)
  },
)
