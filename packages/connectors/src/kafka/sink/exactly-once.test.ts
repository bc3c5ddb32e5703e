// Whole jobs from topic to topic that fail at any step, are rescaled and killed, and go on.
import { defineJob, type JobDefinition, WatermarkStrategy } from '@millrace/runtime'
import { runInSimulation, type SeededRandom } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { KafkaError } from '../driver/kafka-error.ts'
import { stringFormat } from '../formats/string-format.ts'
import { KafkaSource } from '../source/kafka-source.ts'
import { FakeKafka, type FakeOperation } from '../testing/fake-kafka.ts'
import { KafkaSink } from './kafka-sink.ts'
import type { KafkaSinkSettingsOptions } from './kafka-sink-options.ts'

const partitions = 4
const recordsEach = 700
const keys = 9

function kafkaWithRecords(): { readonly kafka: FakeKafka; readonly expected: readonly string[] } {
  const kafka = new FakeKafka()
  kafka.createTopic('in', partitions)
  kafka.createTopic('out', 3)
  const expected: string[] = []
  for (let partition = 0; partition < partitions; partition++) {
    // A key stays in one partition, so its records have an order.
    const values = Array.from({ length: recordsEach }, (_, i) => `${partition}${i % keys}:${i}`)
    kafka.write('in', partition, ...values)
    expected.push(...values)
  }
  return { kafka, expected: expected.toSorted() }
}

function copyJob(
  kafka: FakeKafka,
  options: Partial<KafkaSinkSettingsOptions> & { readonly isBounded?: boolean; readonly onRecord?: () => void } = {},
): JobDefinition {
  const { isBounded = true, onRecord = () => {}, ...sinkOptions } = options
  return defineJob('copy', (env) => {
    const shared = { bootstrapServers: 'fake:9092', driver: kafka.driver }
    const source = new KafkaSource({
      ...shared,
      topics: 'in',
      valueOnlyDeserializer: stringFormat(),
      ...(isBounded && { bounded: 'latest' as const }),
    })
    const sink = new KafkaSink<string>({
      ...shared,
      recordSerializer: { topic: 'out', key: keyOf, value: stringFormat() },
      deliveryGuarantee: 'exactly-once',
      transactionalIdPrefix: 'copies',
      ...sinkOptions,
    })
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), 'In')
      .uid('in')
      .map((value) => {
        onRecord()
        return value
      })
      .keyBy(keyOf)
      .sinkTo(sink)
      .uid('out')
  })
}

const keyOf = (value: string) => value.slice(0, value.indexOf(':'))

const config = {
  'execution.checkpointing.dir': '/checkpoints',
  'execution.checkpointing.savepoint-dir': '/savepoints',
  'execution.checkpointing.interval': '10 ms',
  'execution.checkpointing.timeout': '1 min',
  'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
  'restart-strategy.type': 'fixed-delay',
  'restart-strategy.fixed-delay.attempts': '1000',
  'restart-strategy.fixed-delay.delay': '10 ms',
}

/** Each record once, and those of a key in their order. */
function check(kafka: FakeKafka, expected: readonly string[], seed: number): void {
  const seen = kafka.values('out').map((value) => value!)
  expect(seen.toSorted(), `seed ${seed}`).toEqual(expected)
  const last = new Map<string, number>()
  for (const value of seen) {
    const number = Number(value.slice(value.indexOf(':') + 1))
    expect(number, `seed ${seed}: order of ${value}`).toBeGreaterThan(last.get(keyOf(value)) ?? -1)
    last.set(keyOf(value), number)
  }
}

const failures: readonly FakeOperation[] = ['produce', 'initProducerId', 'endTransaction', 'listTransactions', 'topics']

function failSomething(kafka: FakeKafka, random: SeededRandom): void {
  const operation = failures[random.below(failures.length)]!
  kafka.failNext(operation, new KafkaError('TIMED_OUT', `Cannot ${operation}: no answer`))
}

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
  'Through killed slots, failing brokers and rescaling each record is written once, in order of its key: seed %i',
  async (seed) => {
    const { kafka, expected } = kafkaWithRecords()
    let faults = 0
    let rescaling: Promise<unknown> | undefined
    await runInSimulation(copyJob(kafka), {
      seed,
      parallelism: 2,
      config,
      messageDelayMsMax: 5,
      onStep: ({ random, slots, job }) => {
        if (random.below(60) !== 0 || faults >= 12) return
        faults++
        if (faults === 6) rescaling = job.rescale(1 + random.below(4)).catch(() => {})
        else if (random.below(2) === 0) failSomething(kafka, random)
        else {
          const live = slots.liveSlots()
          if (live.length > 0) slots.kill(live[random.below(live.length)]!, new Error('killed'))
        }
      },
    })
    await rescaling
    expect(faults).toBeGreaterThan(5)
    check(kafka, expected, seed)
  },
)

test.each([1, 2, 3, 4, 5])(
  'A process that dies at any moment and goes on from its newest checkpoint writes each record once: seed %i',
  async (seed) => {
    const { kafka, expected } = kafkaWithRecords()
    let files: ReadonlyMap<string, Uint8Array> | undefined
    const restore = { from: 'resume', allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' } as const
    for (let run = 0; run < 6; run++) {
      const abort = new AbortController()
      let stepsLeft = 150 + 190 * ((seed * 7 + run * 3) % 11)
      const isLast = run === 5
      const { files: left } = await runInSimulation(copyJob(kafka, { isBounded: false }), {
        seed: seed * 10 + run,
        parallelism: 1 + ((seed + run) % 3),
        config,
        ...(files !== undefined && { files, restore }),
        signal: abort.signal,
        onStep: ({ slots }) => {
          if (isLast) {
            if (kafka.values('out').length >= expected.length) abort.abort()
            return
          }
          if (stepsLeft-- !== 0) return
          for (const slot of slots.liveSlots()) slots.kill(slot, new Error('the process is gone'))
          abort.abort()
        },
      })
      files = left
    }
    check(kafka, expected, seed)
  },
)

test('A job that stops with a savepoint has committed all of it, and goes on from there', async () => {
  const { kafka, expected } = kafkaWithRecords()
  let seen = 0
  let savepoint: Promise<string> | undefined
  const options = { isBounded: false, onRecord: () => seen++ }
  const { files } = await runInSimulation(copyJob(kafka, options), {
    parallelism: 2,
    config,
    onStep: ({ job }) => {
      if (seen > expected.length / 2) savepoint ??= job.stopWithSavepoint({ directory: '/savepoints' })
    },
  })
  const path = await savepoint!
  expect(kafka.values('out')).toHaveLength(seen)
  const restore = { from: { path }, allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' } as const
  const abort = new AbortController()
  await runInSimulation(copyJob(kafka, { isBounded: false }), {
    parallelism: 3,
    config,
    files,
    restore,
    signal: abort.signal,
    onStep: () => {
      if (kafka.values('out').length >= expected.length) abort.abort()
    },
  })
  check(kafka, expected, 1)
  expect(kafka.openDrivers).toBe(0)
})

test('Another guarantee than that of the snapshot is refused, and no attempt is made again', async () => {
  const { kafka } = kafkaWithRecords()
  let seen = 0
  let savepoint: Promise<string> | undefined
  const { files } = await runInSimulation(copyJob(kafka, { isBounded: false, onRecord: () => seen++ }), {
    config,
    onStep: ({ job }) => {
      if (seen > 500) savepoint ??= job.stopWithSavepoint({ directory: '/savepoints' })
    },
  })
  const path = await savepoint!
  const restore = { from: { path }, allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' } as const
  const job = defineJob('copy', (env) => {
    const shared = { bootstrapServers: 'fake:9092', driver: kafka.driver }
    const source = new KafkaSource({
      ...shared,
      topics: 'in',
      valueOnlyDeserializer: stringFormat(),
      bounded: 'latest',
    })
    const sink = new KafkaSink<string>({ ...shared, recordSerializer: { topic: 'out', value: stringFormat() } })
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), 'In')
      .uid('in')
      .map((value) => value)
      .keyBy(keyOf)
      .sinkTo(sink)
      .uid('out')
  })
  await expect(runInSimulation(job, { config, files, restore })).rejects.toMatchObject({
    cause: expect.objectContaining({ code: 'DELIVERY_GUARANTEE_CHANGED' }),
  })
})
