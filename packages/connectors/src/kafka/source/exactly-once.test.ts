// Whole jobs that read Kafka, fail, are rescaled, stop with a savepoint and go on.
import { defineJob, type JobDefinition, WatermarkStrategy } from '@millrace/runtime'
import type { Committer, Sink, SinkWriter } from '@millrace/runtime/connector'
import { runInSimulation } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { stringFormat } from '../formats/string-format.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { KafkaSource } from './kafka-source.ts'
import type { KafkaSourceSettingsOptions } from './kafka-source-options.ts'

const partitions = 5
const recordsEach = 1_200
const total = partitions * recordsEach

/** Shows what completed checkpoints made visible. */
class VisibleRecords implements Sink<string> {
  readonly #batches = new Map<string, readonly string[]>()
  #batchCount = 0

  get records(): readonly string[] {
    return [...this.#batches.values()].flat().toSorted()
  }

  createWriter(): SinkWriter<string> {
    let records: string[] = []
    return {
      write: (record) => void records.push(record),
      prepareCommit: () => {
        const prepared = { name: `batch ${this.#batchCount++}`, records }
        records = []
        return [prepared]
      },
    }
  }

  createCommitter(): Committer {
    return {
      commit: (batches: readonly { name: string; records: readonly string[] }[]) => {
        for (const { name, records } of batches) this.#batches.set(name, records)
      },
    }
  }
}

function kafkaWithRecords(): { readonly kafka: FakeKafka; readonly expected: readonly string[] } {
  const kafka = new FakeKafka()
  kafka.createTopic('t', partitions)
  const expected: string[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const values = Array.from({ length: recordsEach }, (_, i) => `${partition}:${i}`)
    kafka.write('t', partition, ...values)
    expected.push(...values)
  }
  return { kafka, expected: expected.toSorted() }
}

function copyJob(
  kafka: FakeKafka,
  sink: Sink<string>,
  onRecord: (count: number) => void,
  options: KafkaSourceSettingsOptions = { bounded: 'latest' },
): JobDefinition {
  let count = 0
  return defineJob('copy', (env) => {
    const source = new KafkaSource({
      bootstrapServers: 'fake:9092',
      driver: kafka.driver,
      groupId: 'copies',
      topics: 't',
      valueOnlyDeserializer: stringFormat(),
      ...options,
    })
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), 'Numbers')
      .uid('numbers')
      .map((value) => {
        onRecord(++count)
        return value
      })
      .rebalance()
      .sinkTo(sink)
      .uid('copy')
  })
}

const config = {
  'execution.checkpointing.dir': '/checkpoints',
  'execution.checkpointing.savepoint-dir': '/savepoints',
  'execution.checkpointing.interval': '10 ms',
  'restart-strategy.type': 'fixed-delay',
  'restart-strategy.fixed-delay.attempts': '5',
  'restart-strategy.fixed-delay.delay': '10 ms',
}

test.each([1, 2, 3])('A job that fails three times reads each record of Kafka once: seed %i', async (seed) => {
  const { kafka, expected } = kafkaWithRecords()
  const sink = new VisibleRecords()
  let failures = 0
  const job = copyJob(kafka, sink, (count) => {
    if (count % 1_500 !== 0 || failures === 3) return
    failures++
    throw new Error(`failure ${failures}`)
  })
  await runInSimulation(job, { seed, parallelism: 2, config })
  expect(failures).toBe(3)
  expect(sink.records).toEqual(expected)
  expect(kafka.openDrivers).toBe(0)
})

test.each([1, 2, 3])('A job that is rescaled twice reads each record of Kafka once: seed %i', async (seed) => {
  const { kafka, expected } = kafkaWithRecords()
  const sink = new VisibleRecords()
  let seen = 0
  let rescaling: Promise<unknown> | undefined
  const job = copyJob(kafka, sink, (count) => {
    seen = count
  })
  await runInSimulation(job, {
    seed,
    parallelism: 2,
    config,
    onStep: ({ job: running }) => {
      if (seen > total / 10) rescaling ??= running.rescale(4).then(() => running.rescale(1))
    },
  })
  expect(await rescaling).toMatchObject({ unchangedOperators: [] })
  expect(sink.records).toEqual(expected)
})

test('A job that comes to its end waits for a checkpoint, and the group has where it ended', async () => {
  const { kafka, expected } = kafkaWithRecords()
  const sink = new VisibleRecords()
  await runInSimulation(
    copyJob(kafka, sink, () => {}),
    { parallelism: 2, config },
  )
  expect(sink.records).toEqual(expected)
  expect(Object.values(kafka.committedOffsets('copies'))).toEqual(Array.from({ length: partitions }, () => recordsEach))
})

test('A job that does not end stops with a savepoint, tells the group, and goes on with a partition that was added', async () => {
  const { kafka, expected } = kafkaWithRecords()
  const sink = new VisibleRecords()
  let seen = 0
  let savepoint: Promise<string> | undefined
  const job = copyJob(kafka, sink, () => seen++, {})
  const options = { parallelism: 2, config }
  const { files } = await runInSimulation(job, {
    ...options,
    onStep: ({ job: running }) => {
      if (seen > total / 2) savepoint ??= running.stopWithSavepoint({ directory: '/savepoints' })
    },
  })
  const path = await savepoint!
  const before = sink.records.length
  expect(before).toBeLessThanOrEqual(total)
  const committed = Object.values(kafka.committedOffsets('copies')).reduce((sum, offset) => sum + offset, 0)
  expect(committed).toBe(before)

  kafka.growTopic('t', partitions + 1)
  kafka.write('t', partitions, 'new')
  const all = [...expected, 'new'].toSorted()
  const restore = { from: { path }, allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' } as const
  const abort = new AbortController()
  await runInSimulation(
    copyJob(kafka, sink, () => {}, {}),
    {
      parallelism: 3,
      config,
      files,
      restore,
      signal: abort.signal,
      onStep: () => {
        if (sink.records.length === all.length) abort.abort()
      },
    },
  )
  expect(sink.records).toEqual(all)
  expect(kafka.openDrivers).toBe(0)
})
