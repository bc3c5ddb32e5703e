// Whole jobs that put poison records aside exactly once, fail, are rescaled, stop and go on.
import { defineJob, type JobDefinition, WatermarkStrategy } from '@millrace/runtime'
import type { SourceReaderContext } from '@millrace/runtime/connector'
import { runInSimulation, SystemClock, testJobInfo, testSinkWriterContext } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import type { KafkaDriverFactory } from '../driver/kafka-driver.ts'
import { jsonFormat } from '../formats/json-format.ts'
import { FakeKafka } from '../testing/fake-kafka.ts'
import { KafkaSource } from './kafka-source.ts'
import type { KafkaSourceSettingsOptions } from './kafka-source-options.ts'
import { TransactionalDeadLetters } from './transactional-dead-letters.ts'

const partitions = 4
const recordsEach = 1_000

/** Every seventh record of each partition is none. */
function kafkaWithPoison(): { readonly kafka: FakeKafka; readonly poison: readonly string[] } {
  const kafka = new FakeKafka()
  kafka.createTopic('t', partitions)
  kafka.createTopic('dead', 2)
  const poison: string[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const values = Array.from({ length: recordsEach }, (_, i) => (i % 7 === 3 ? `bad ${partition}:${i}` : String(i)))
    kafka.write('t', partition, ...values)
    poison.push(...values.filter((value) => value.startsWith('bad')))
  }
  return { kafka, poison: poison.toSorted() }
}

function job(
  kafka: FakeKafka,
  onRecord: (count: number) => void,
  options: KafkaSourceSettingsOptions = { bounded: 'latest' },
): JobDefinition {
  let count = 0
  return defineJob('asides', (env) => {
    const source = new KafkaSource<number>({
      bootstrapServers: 'fake:9092',
      driver: kafka.driver,
      topics: 't',
      valueOnlyDeserializer: jsonFormat<number>(),
      onDeserializationError: { deadLetter: 'dead', transactionalIdPrefix: 'letters', transactionTimeoutMs: 900_000 },
      ...options,
    })
    env
      .fromSource(source, WatermarkStrategy.noWatermarks(), 'Numbers')
      .uid('numbers')
      .map((value) => {
        onRecord(++count)
        return value
      })
      .collect('numbers')
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

const letters = (kafka: FakeKafka) => kafka.values('dead').toSorted()

test.each([1, 2, 3, 4, 5])(
  'A job that fails three times puts each poison record aside once, and leaves nothing open: seed %i',
  async (seed) => {
    const { kafka, poison } = kafkaWithPoison()
    let failures = 0
    const failing = job(kafka, (count) => {
      if (count % 900 !== 0 || failures === 3) return
      failures++
      throw new Error(`failure ${failures}`)
    })
    await runInSimulation(failing, { seed, parallelism: 2, config })
    expect(failures).toBe(3)
    expect(letters(kafka)).toEqual(poison)
    expect(kafka.records('dead', undefined, 'read_committed')).toHaveLength(poison.length)
    expect(kafka.openDrivers).toBe(0)
  },
)

test.each([1, 2, 3])('A job that is rescaled twice puts each poison record aside once: seed %i', async (seed) => {
  const { kafka, poison } = kafkaWithPoison()
  let seen = 0
  let rescaling: Promise<unknown> | undefined
  const rescaled = job(kafka, (count) => {
    seen = count
  })
  await runInSimulation(rescaled, {
    seed,
    parallelism: 2,
    config,
    onStep: ({ job: running }) => {
      if (seen > 300) rescaling ??= running.rescale(4).then(() => running.rescale(1))
    },
  })
  expect(await rescaling).toMatchObject({ unchangedOperators: [] })
  expect(letters(kafka)).toEqual(poison)
})

test('Letters show when their checkpoint is complete; what a savepoint has of them comes with the job that goes on', async () => {
  const { kafka, poison } = kafkaWithPoison()
  let seen = 0
  let savepoint: Promise<string> | undefined
  const first = job(kafka, () => seen++)
  const { files } = await runInSimulation(first, {
    parallelism: 2,
    config,
    onStep: ({ job: running }) => {
      if (seen > 1_500) savepoint ??= running.stopWithSavepoint({ directory: '/savepoints' })
    },
  })
  const restore = {
    from: { path: await savepoint! },
    allowNonRestoredState: false,
    dropState: [],
    claimMode: 'NO_CLAIM',
  } as const
  await runInSimulation(
    job(kafka, () => {}),
    { parallelism: 3, config, files, restore },
  )
  expect(letters(kafka)).toEqual(poison)
})

test('A job without checkpoints puts poison records aside as well', async () => {
  const { kafka, poison } = kafkaWithPoison()
  await runInSimulation(
    job(kafka, () => {}),
    { parallelism: 2 },
  )
  expect(letters(kafka)).toEqual(poison)
})

test.each([1, 2, 3, 4, 5])(
  'A job without checkpoints that stops with a savepoint has each letter once when it goes on: seed %i',
  async (seed) => {
    const { kafka, poison } = kafkaWithPoison()
    const { 'execution.checkpointing.interval': _, ...withoutInterval } = config
    let seen = 0
    let savepoint: Promise<string> | undefined
    const { files } = await runInSimulation(
      job(kafka, () => seen++),
      {
        seed,
        parallelism: 2,
        config: withoutInterval,
        onStep: ({ job: running }) => {
          if (seen > 1_000 + 200 * seed) savepoint ??= running.stopWithSavepoint({ directory: '/savepoints' })
        },
      },
    )
    const restore = {
      from: { path: await savepoint! },
      allowNonRestoredState: false,
      dropState: [],
      claimMode: 'NO_CLAIM',
    } as const
    await runInSimulation(
      job(kafka, () => {}),
      { parallelism: 3, config: withoutInterval, files, restore },
    )
    expect(letters(kafka)).toEqual(poison)
  },
)

test('A job without checkpoints does not end before a slow broker has committed its last letters', async () => {
  const { kafka, poison } = kafkaWithPoison()
  const slow: KafkaDriverFactory = (options, context) => {
    const driver = kafka.driver(options, context)
    const endTransaction = driver.endTransaction.bind(driver)
    return Object.assign(driver, {
      endTransaction: async (...transaction: Parameters<typeof endTransaction>) => {
        await new Promise<void>((resolve) => void context.clock.schedule(200, resolve))
        // What is asked of a closed driver is not done.
        if (kafka.openDrivers > 0) await endTransaction(...transaction)
      },
    })
  }
  await runInSimulation(
    job(kafka, () => {}, { bounded: 'latest', driver: slow }),
    { parallelism: 2 },
  )
  expect(letters(kafka)).toEqual(poison)
})

test('What a snapshot has in transactions is committed also where the source puts none aside any more', async () => {
  const { kafka, poison } = kafkaWithPoison()
  const rarely = { ...config, 'execution.checkpointing.interval': '1 min' }
  const abort = new AbortController()
  let seen = 0
  let savepoint: Promise<string> | undefined
  const { files } = await runInSimulation(
    job(kafka, () => seen++),
    {
      parallelism: 2,
      config: rarely,
      signal: abort.signal,
      onStep: ({ job: running }) => {
        if (seen <= 1_500 || savepoint !== undefined) return
        savepoint = running.triggerSavepoint('/savepoints')
        void savepoint.then(() => abort.abort())
      },
    },
  )
  expect(letters(kafka)).toEqual([])
  const restore = {
    from: { path: await savepoint! },
    allowNonRestoredState: false,
    dropState: [],
    claimMode: 'NO_CLAIM',
  } as const
  const skipping = job(kafka, () => {}, { bounded: 'latest', onDeserializationError: 'skip' })
  await runInSimulation(skipping, { parallelism: 2, config, files, restore })
  const committed = letters(kafka)
  expect(committed.length).toBeGreaterThan(0)
  expect(new Set(committed).size).toBe(committed.length)
  expect(poison).toEqual(expect.arrayContaining([...committed]))
})

test('A topic for letters that is not there ends the job at once', async () => {
  const { kafka } = kafkaWithPoison()
  kafka.deleteTopic('dead')
  await expect(
    runInSimulation(
      job(kafka, () => {}),
      { parallelism: 2, config },
    ),
  ).rejects.toThrow('Cannot write dead letters to topic "dead": there is none of this name')
})

test('A transaction that is committed is in no later snapshot, though another of its checkpoint is being committed', async () => {
  const { kafka } = kafkaWithPoison()
  const clock = new SystemClock()
  const checkpointing = { intervalMs: 1_000, timeoutMs: 60_000, restartDelayMaxMs: 60_000 }
  const context = testSinkWriterContext({ clock, jobInfo: testJobInfo({ checkpointing }) })
  const driver = kafka.driver({ bootstrapServers: ['fake:9092'] }, context)
  const letters = new TransactionalDeadLetters({
    ...{ topic: 'dead', prefix: 'letters', timeoutMs: 900_000, onChange: () => {} },
    driver: () => driver,
    context: context as unknown as SourceReaderContext,
  })
  const idle = () => new Promise((resolve) => setImmediate(resolve))
  const letter = { topic: 't', partition: 0, timestampMs: 1, key: null, value: null, headers: [], error: 'bad' }
  await letters.open([])
  for (const offset of [0, 1]) {
    letters.put({ ...letter, offset })
    await idle()
  }
  const numbersIn = (checkpointId: number) =>
    letters.snapshotState(checkpointId)?.precommitted.map(({ number }) => number)
  expect(numbersIn(1)).toEqual([1, 2])
  const end = driver.endTransaction.bind(driver)
  const gate = Promise.withResolvers<void>()
  Object.assign(driver, {
    endTransaction: async (...transaction: Parameters<typeof end>) => {
      if (transaction[0].transactionalId.endsWith('/1')) await gate.promise
      await end(...transaction)
    },
  })
  const told = letters.notifyCheckpointComplete(1)
  await idle()
  expect(numbersIn(2)).toEqual([2])
  gate.resolve()
  await told
  expect(numbersIn(3)).toEqual([])
})
