// Whole jobs from topic to topic, at least once. For exactly once see exactly-once.test.ts.
import { defineJob, type JobDefinition, WatermarkStrategy } from '@millrace/runtime'
import { runInSimulation, SimulatedClock, testSinkWriterContext } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { KafkaError } from '../driver/kafka-error.ts'
import { stringFormat } from '../formats/string-format.ts'
import { KafkaSource } from '../source/kafka-source.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { KafkaSink } from './kafka-sink.ts'
import type { KafkaSinkSettingsOptions } from './kafka-sink-options.ts'

const [recordCount, keyCount] = [600, 10]

function kafkaWithRecords(): FakeKafka {
  const kafka = new FakeKafka()
  kafka.createTopic('in', 2)
  kafka.createTopic('out', 3)
  for (let i = 0; i < recordCount; i++) kafka.write('in', i % 2, `${i % keyCount}:${i}`)
  return kafka
}

const keyOf = (value: string) => value.split(':')[0]!

function copyJob(kafka: FakeKafka, sinkOptions: KafkaSinkSettingsOptions): JobDefinition {
  return defineJob('copy', (env) => {
    const shared = { bootstrapServers: 'fake:9092', driver: kafka.driver }
    const valueOnlyDeserializer = stringFormat()
    const source = new KafkaSource({ ...shared, topics: 'in', bounded: 'latest', valueOnlyDeserializer })
    const recordSerializer = { topic: 'out', key: keyOf, value: stringFormat() }
    const sink = new KafkaSink<string>({ ...shared, recordSerializer, batchBytes: 300, ...sinkOptions })
    env.fromSource(source, WatermarkStrategy.noWatermarks(), 'In').uid('in').keyBy(keyOf).sinkTo(sink).uid('out')
  })
}

/** The numbers of each key as they stand in the topic. A key is in one partition. */
function numbersByKey(kafka: FakeKafka): ReadonlyMap<string, readonly number[]> {
  const values = kafka.values('out').map((value) => value!)
  return new Map(
    Array.from({ length: keyCount }, (_, key) => [
      `${key}`,
      values.filter((value) => keyOf(value) === `${key}`).map((value) => Number(value.split(':')[1])),
    ]),
  )
}

const expected = new Map(
  Array.from({ length: keyCount }, (_, key) => [
    `${key}`,
    Array.from({ length: recordCount / keyCount }, (_, i) => i * keyCount + key),
  ]),
)

test.each(['none', 'at-least-once'] as const)(
  'With the guarantee %s a job that nothing happens to copies each record once, each key in order',
  async (deliveryGuarantee) => {
    for (const seed of [1, 2, 3]) {
      const kafka = kafkaWithRecords()
      await runInSimulation(copyJob(kafka, { deliveryGuarantee }), { parallelism: 2, seed })
      expect(numbersByKey(kafka), `seed ${seed}`).toEqual(expected)
      expect(kafka.openDrivers).toBe(0)
    }
  },
)

test.each([1, 2, 3, 4, 5])(
  'At least once, through killed slots and brokers that fail, no record is missing: seed %i',
  async (seed) => {
    const kafka = kafkaWithRecords()
    let faults = 0
    // Batches wait so long that only checkpoints make them leave.
    await runInSimulation(copyJob(kafka, { lingerMs: 60_000, batchBytes: 65_536 }), {
      seed,
      parallelism: 2,
      config: {
        'execution.checkpointing.dir': '/checkpoints',
        'execution.checkpointing.interval': '10 ms',
        'restart-strategy.type': 'fixed-delay',
        'restart-strategy.fixed-delay.attempts': '1000',
        'restart-strategy.fixed-delay.delay': '10 ms',
      },
      messageDelayMsMax: 5,
      onStep: ({ random, slots }) => {
        if (random.below(60) !== 0 || faults >= 10) return
        faults++
        const live = slots.liveSlots()
        if (random.below(2) === 0 && live.length > 0) {
          slots.kill(live[random.below(live.length)]!, new Error('killed'))
        } else {
          const operation = (['produce', 'initProducerId', 'topics'] as const)[random.below(3)]!
          kafka.failNext(operation, new KafkaError('TIMED_OUT', `Cannot ${operation}: no answer`))
        }
      },
    })
    expect(faults).toBeGreaterThan(5)
    const numbers = [...numbersByKey(kafka)].map(([key, all]) => [key, [...new Set(all)].toSorted((a, b) => a - b)])
    expect(new Map(numbers as [string, number[]][]), `seed ${seed}`).toEqual(expected)
  },
)

test('A writer that cannot be made leaves no connection behind', async () => {
  const kafka = new FakeKafka()
  kafka.createTopic('out')
  const sink = new KafkaSink<string>({
    bootstrapServers: 'fake:9092',
    driver: kafka.driver,
    recordSerializer: { topic: 'out', value: stringFormat() },
  })
  for (const operation of ['initProducerId', 'topics'] as const) {
    kafka.failNext(operation, new KafkaError('BROKER_UNREACHABLE', `Cannot ${operation}`))
    const context = testSinkWriterContext({ clock: new SimulatedClock(), subtaskIndex: 3 })
    await expect(sink.createWriter(context)).rejects.toThrow(`Cannot ${operation}`)
  }
  expect([kafka.openDrivers, kafka.connections[0]]).toEqual([
    0,
    { bootstrapServers: ['fake:9092'], clientId: 'millrace-3' },
  ])
})
