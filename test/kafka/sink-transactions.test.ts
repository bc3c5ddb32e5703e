import { SystemClock, silentLogger, testJobInfo } from '@millrace/runtime/testing'
import { afterAll, expect, test, vi } from 'vitest'
import { createKafkaDriver } from '../../packages/connectors/src/kafka/driver/create-kafka-driver.ts'
import type { KafkaDriver, TransactionState } from '../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import type { KafkaProducer } from '../../packages/connectors/src/kafka/driver/kafka-producer.ts'
import { SinkTransactions } from '../../packages/connectors/src/kafka/sink/transactions/sink-transactions.ts'
import { driverContext, readAll, write } from './driver-context.ts'
import { brokers, createTopic, uniqueName } from './kafka.ts'

const driver = createKafkaDriver({ bootstrapServers: [brokers()] }, driverContext)
afterAll(() => driver.close())

interface Writer {
  readonly transactions: SinkTransactions
  readonly producer: KafkaProducer
}

interface Checkpoint {
  readonly state: readonly unknown[]
  readonly committables: readonly unknown[]
}

async function open(
  prefix: string,
  options: { readonly from?: Checkpoint; readonly timeoutMs?: number; readonly onLostTransaction?: 'skip' } = {},
): Promise<Writer> {
  const { from, timeoutMs = 60_000, onLostTransaction = 'fail' } = options
  const transactions = new SinkTransactions(
    driver,
    { prefix, timeoutMs },
    {
      jobInfo: testJobInfo({
        jobName: 'orders',
        checkpointing: { intervalMs: 100, timeoutMs: 100, restartDelayMaxMs: 100 },
        onLostTransaction,
      }),
      taskInfo: { name: 'Sink', index: 0, parallelism: 1, maxParallelism: 128, attempt: 0 },
      logger: silentLogger,
      clock: new SystemClock(),
      restoredCheckpointId: from === undefined ? undefined : 1,
    },
  )
  if (from !== undefined) await transactions.commit(from.committables)
  return { transactions, producer: await transactions.open(from?.state ?? [], {}) }
}

async function checkpoint({ transactions, producer }: Writer): Promise<Checkpoint> {
  await producer.flush()
  const committables = await transactions.prepareCommit()
  return structuredClone({ committables, state: transactions.snapshotState() })
}

/** Brokers look for transactions that are over their time every 10 seconds. */
async function untilState(of: KafkaDriver, transactionalId: string, state: TransactionState): Promise<void> {
  for (let i = 0; i < 300; i++) {
    const [description] = await of.describeTransactions([transactionalId])
    if (description?.state === state) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`"${transactionalId}" has not become ${state} in 30 s`)
}

const valuesOf = async (topic: string) => (await readAll(driver, topic)).map((line) => line.replace(/^\S+ /, ''))

/** Brokers acknowledge a commit a moment before readers are given what it made visible. */
async function untilValues(topic: string, values: readonly string[]): Promise<void> {
  await vi.waitFor(async () => expect((await valuesOf(topic)).toSorted()).toEqual(values), { timeout: 10_000 })
}

test('Restored transactions are committed, once more if need be, and what was left open is aborted', async () => {
  const topic = await createTopic('transactions', 2)
  const prefix = uniqueName('prefix')
  const before = await open(prefix)
  await write(before.producer, topic, 0, 'a')
  await write(before.producer, topic, 1, 'b')
  const first = await checkpoint(before)
  await write(before.producer, topic, 0, 'lost')
  const after = await open(prefix, { from: first })
  await untilValues(topic, ['a', 'b'])
  await write(after.producer, topic, 0, 'c')
  await after.transactions.commit((await checkpoint(after)).committables)
  // The same checkpoint once more, as if what came after it had been thrown away.
  await open(prefix, { from: first })
  await untilValues(topic, ['a', 'b', 'c'])
})

test('A commit is recognized as done although its id was used again, any number of times', async () => {
  const topic = await createTopic('transactions', 1)
  const prefix = uniqueName('prefix')
  const writer = await open(prefix)
  await write(writer.producer, topic, 0, '0')
  const savepoint = await checkpoint(writer)
  await writer.transactions.commit(savepoint.committables)
  for (let i = 1; i < 8; i++) {
    await write(writer.producer, topic, 0, `${i}`)
    await writer.transactions.commit((await checkpoint(writer)).committables)
  }
  await open(prefix, { from: savepoint })
  await untilValues(topic, ['0', '1', '2', '3', '4', '5', '6', '7'])
})

test('A transaction that timed out is told from one that was taken over, before and after its barrier', async () => {
  const topic = await createTopic('transactions', 1)
  const prefixes = [uniqueName('open'), uniqueName('prepared')] as const
  const opened = await open(prefixes[0], { timeoutMs: 500 })
  await write(opened.producer, topic, 0, 'open')
  const prepared = await open(prefixes[1], { timeoutMs: 500 })
  await write(prepared.producer, topic, 0, 'prepared')
  const lost = await checkpoint(prepared)
  await untilState(driver, `${prefixes[0]}/orders/0.0.0/0`, 'CompleteAbort')
  await untilState(driver, `${prefixes[1]}/orders/0.0.0/0`, 'CompleteAbort')

  const refusal = await write(opened.producer, topic, 0, 'late').catch((error: unknown) => error)
  expect(await opened.transactions.explain(refusal)).toMatchObject({ code: 'TRANSACTION_TIMED_OUT' })

  const commit = prepared.transactions.commit(lost.committables)
  await expect(commit).rejects.toMatchObject({
    code: 'TRANSACTION_LOST',
    isLasting: true,
    facts: { outcome: 'aborted' },
  })
  await expect(commit).rejects.toThrow('it was aborted when its timeout of 0.5 s had passed')
  await open(prefixes[1], { from: lost, onLostTransaction: 'skip' })
  expect(await valuesOf(topic)).toEqual([])
})

test('A second run takes over: the first is told so when it writes on, and when it commits', async () => {
  const topic = await createTopic('transactions', 1)
  const prefix = uniqueName('prefix')
  const first = await open(prefix)
  await write(first.producer, topic, 0, 'a')
  const prepared = await checkpoint(first)
  await write(first.producer, topic, 0, 'b')
  const second = await open(prefix)
  const refusal = await write(first.producer, topic, 0, 'c').catch((error: unknown) => error)
  expect(await first.transactions.explain(refusal)).toMatchObject({ code: 'PRODUCER_FENCED', isLasting: true })
  await expect(first.transactions.commit(prepared.committables)).rejects.toThrow(
    'another producer with its transactional id',
  )
  await write(second.producer, topic, 0, 'd')
  await second.transactions.commit((await checkpoint(second)).committables)
  await untilValues(topic, ['d'])
})

test('A timeout above the maximum of the brokers is refused with both numbers', async () => {
  await expect(open(uniqueName('prefix'), { timeoutMs: 3_600_000 })).rejects.toMatchObject({
    code: 'TRANSACTION_TIMEOUT_REFUSED',
    isLasting: true,
    facts: { transactionTimeoutMs: 3_600_000, maximumMs: 900_000 },
  })
})
