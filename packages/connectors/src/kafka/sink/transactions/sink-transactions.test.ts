import { SeededRandom, SystemClock, silentLogger, testJobInfo } from '@millrace/runtime/testing'
import { describe, expect, test, vi } from 'vitest'
import type { KafkaDriver } from '../../driver/kafka-driver.ts'
import { KafkaError } from '../../driver/kafka-error.ts'
import type { KafkaProducer } from '../../driver/kafka-producer.ts'
import { RecordBatchBuilder } from '../../driver/record-batch/record-batch-builder.ts'
import { FakeKafka } from '../../testing/fake-kafka.ts'
import { SinkTransactions, type TransactionsContext } from './sink-transactions.ts'

const clock = new SystemClock()
const checkpointing = { intervalMs: 1_000, timeoutMs: 60_000, restartDelayMaxMs: 60_000 }

/** What a checkpoint holds of the writers of a sink: for each the state, and what is to be committed. */
interface Snapshot {
  readonly checkpointId: number
  readonly states: readonly unknown[]
  readonly committables: readonly (readonly unknown[])[]
}

interface WriterOptions {
  readonly index?: number
  readonly parallelism?: number
  readonly jobName?: string
  readonly prefix?: string
  readonly timeoutMs?: number
  readonly onLostTransaction?: 'fail' | 'skip'
  readonly restoredCheckpointId?: number
  readonly attempt?: number
}

/** One subtask of a sink, as the sink operator would run it. */
class TestSubtask {
  readonly driver: KafkaDriver
  readonly transactions: SinkTransactions
  producer!: KafkaProducer

  constructor(kafka: FakeKafka, options: WriterOptions = {}) {
    const { index = 0, parallelism = 1, jobName = 'orders', onLostTransaction = 'fail', attempt = 0 } = options
    this.driver = kafka.driver({ bootstrapServers: ['fake:9092'] }, { clock, logger: silentLogger })
    const context: TransactionsContext = {
      jobInfo: testJobInfo({ jobName, checkpointing, onLostTransaction }),
      taskInfo: { name: 'Sink', index, parallelism, maxParallelism: 128, attempt },
      logger: silentLogger,
      clock,
      restoredCheckpointId: options.restoredCheckpointId,
    }
    const { prefix = 'totals', timeoutMs = 900_000 } = options
    this.transactions = new SinkTransactions(this.driver, { prefix, timeoutMs }, context)
  }

  async open(states: readonly unknown[] = [], committables: readonly (readonly unknown[])[] = []): Promise<this> {
    for (const each of committables) await this.transactions.commit(each)
    this.producer = await this.transactions.open(states, {})
    return this
  }

  async write(...values: readonly string[]): Promise<void> {
    for (const value of values) {
      const batch = new RecordBatchBuilder()
      batch.append(1, null, value)
      await this.producer.send('out', 0, batch)
    }
  }

  /** A barrier. */
  async prepare(): Promise<{ readonly state: unknown; readonly committables: readonly unknown[] }> {
    await this.producer.flush()
    const committables = await this.transactions.prepareCommit()
    return structuredClone({ committables, state: this.transactions.snapshotState()[0] })
  }

  async checkpoint(checkpointId: number): Promise<Snapshot> {
    const { state, committables } = await this.prepare()
    return { checkpointId, states: [state], committables: [committables] }
  }
}

async function started(kafka: FakeKafka, options?: WriterOptions): Promise<TestSubtask> {
  return new TestSubtask(kafka, options).open()
}

/** Their ids. */
async function openTransactions({ driver }: TestSubtask): Promise<readonly string[]> {
  const all = await driver.listTransactions('totals/')
  return all.filter(({ state }) => state === 'Ongoing').map(({ transactionalId }) => transactionalId)
}

async function restored(kafka: FakeKafka, from: Snapshot, options: WriterOptions = {}): Promise<TestSubtask> {
  const subtask = new TestSubtask(kafka, { ...options, restoredCheckpointId: from.checkpointId })
  return subtask.open(from.states, from.committables)
}

function cluster(): FakeKafka {
  const kafka = new FakeKafka()
  kafka.createTopic('out')
  return kafka
}

describe('Transactions of a Kafka sink', () => {
  test('What was written before a barrier shows when it is committed, and not before', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    await subtask.write('a', 'b')
    const { committables } = await subtask.prepare()
    await subtask.write('c')
    expect(kafka.values('out')).toEqual([])
    await subtask.transactions.commit(committables)
    expect(kafka.values('out')).toEqual(['a', 'b'])
    const next = await subtask.prepare()
    await subtask.transactions.commit(next.committables)
    expect(kafka.values('out')).toEqual(['a', 'b', 'c'])
  })

  test('A transaction without records is no committable, and goes on', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    expect((await subtask.prepare()).committables).toEqual([])
    await subtask.write('a')
    const { committables } = await subtask.prepare()
    expect(committables).toMatchObject([{ transactionalId: 'totals/orders/0.0.0/0', epoch: 0 }])
  })

  test('Ids are used again, with a new epoch, once no checkpoint to restore has them', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    const used: string[] = []
    for (let i = 0; i < 9; i++) {
      await subtask.write(`${i}`)
      const { committables } = await subtask.prepare()
      used.push(
        ...(committables as { transactionalId: string; epoch: number }[]).map(
          ({ transactionalId, epoch }) => `${transactionalId.split('/').at(-1)}@${epoch}`,
        ),
      )
      await subtask.transactions.commit(committables)
    }
    expect(used).toEqual(['0@0', '1@0', '2@0', '3@0', '0@1', '1@1', '2@1', '3@1', '0@2'])
  })

  test('More than a hundred transactions that wait for their checkpoint are refused', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    const refused = (async () => {
      for (let i = 0; i <= 100; i++) {
        await subtask.write('a')
        await subtask.prepare()
      }
    })()
    await expect(refused).rejects.toMatchObject({ code: 'TOO_MANY_OPEN_TRANSACTIONS', facts: { count: 101 } })
  })

  test('After a crash the checkpoint is committed, and what came after it is aborted', async () => {
    const kafka = cluster()
    const before = await started(kafka)
    await before.write('a')
    const checkpoint = await before.checkpoint(1)
    await before.write('lost')
    const after = await restored(kafka, checkpoint)
    expect(kafka.values('out')).toEqual(['a'])
    await after.write('b')
    await after.transactions.commit((await after.prepare()).committables)
    expect(kafka.values('out')).toEqual(['a', 'b'])
    await expect(before.write('late')).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
  })

  test('A commit that was done before the crash is done again without effect, also on ids that were used again since', async () => {
    const kafka = cluster()
    const before = await started(kafka)
    await before.write('a')
    const savepoint = await before.checkpoint(1)
    await before.transactions.commit(savepoint.committables[0]!)
    for (let i = 2; i < 12; i++) {
      await before.write(`${i}`)
      await before.transactions.commit((await before.prepare()).committables)
    }
    await before.write('open')
    const seen = kafka.values('out')
    await restored(kafka, savepoint)
    expect(kafka.values('out')).toEqual(seen)
    expect(await before.driver.listTransactions('totals/')).not.toContainEqual(
      expect.objectContaining({ state: 'Ongoing' }),
    )
  })

  test('What a later attempt left open under an id of the savepoint is aborted too, in whichever subtask its state comes', async () => {
    for (const parallelism of [1, 2]) {
      const kafka = cluster()
      const before = await started(kafka)
      await before.write('a')
      const savepoint = await before.checkpoint(1)
      await before.transactions.commit(savepoint.committables[0]!)
      for (let i = 2; i <= 4; i++) {
        await before.write(`${i}`)
        await before.transactions.commit((await before.prepare()).committables)
      }
      await before.write('open')
      expect(await openTransactions(before)).toEqual(['totals/orders/0.0.0/0'])
      const options = { parallelism, restoredCheckpointId: 1 }
      const [first = [], second = []] = parallelism === 1 ? [savepoint.committables] : [[], savepoint.committables]
      await new TestSubtask(kafka, options).open(savepoint.states, first)
      if (parallelism === 2) await new TestSubtask(kafka, { ...options, index: 1 }).open([], second)
      expect(await openTransactions(before)).toEqual([])
      expect(kafka.values('out')).toEqual(['a', '2', '3', '4'])
    }
  })

  test('Subtasks without state of a job that was renamed and scaled up do not take its former name for another job', async () => {
    const kafka = cluster()
    const before = await started(kafka)
    await before.write('a')
    const checkpoint = await before.checkpoint(1)
    const between = await Promise.all(
      [0, 1].map((index) => started(kafka, { index, parallelism: 2, restoredCheckpointId: 1 })),
    )
    for (const subtask of between) await subtask.write('lost')
    const options = { jobName: 'orders-2', parallelism: 2, restoredCheckpointId: 1 }
    const second = await new TestSubtask(kafka, { ...options, index: 1 }).open()
    await second.write('b')
    await new TestSubtask(kafka, options).open(checkpoint.states, checkpoint.committables)
    await second.transactions.commit((await second.prepare()).committables)
    expect(kafka.values('out')).toEqual(['a', 'b'])
    expect(await openTransactions(before)).toEqual([])
  })

  test('Of a transaction whose record compaction has removed nobody can tell whether it was committed, and it is not called aborted', async () => {
    const kafka = cluster()
    const before = await started(kafka)
    await before.write('a')
    const savepoint = await before.checkpoint(1)
    await before.transactions.commit(savepoint.committables[0]!)
    for (let i = 2; i <= 5; i++) {
      await before.write(`${i}`)
      await before.transactions.commit((await before.prepare()).committables)
    }
    kafka.logOf('out', 0).compactAway(0)
    const lost = restored(kafka, savepoint)
    await expect(lost).rejects.toMatchObject({ code: 'TRANSACTION_LOST', facts: { outcome: 'unknown' } })
    await expect(lost).rejects.toThrow(
      'the broker knows it no more, and its record is deleted or compacted away, so nobody can tell whether it is committed. If it is not, its records are lost.',
    )
    await restored(kafka, savepoint, { onLostTransaction: 'skip' })
    expect(kafka.values('out')).toEqual(['2', '3', '4', '5'])
  })

  test('A death before the first checkpoint leaves nothing open', async () => {
    const kafka = cluster()
    const before = await Promise.all([0, 1, 2].map((index) => started(kafka, { index, parallelism: 3 })))
    for (const subtask of before) await subtask.write('lost')
    const after = await started(kafka, { parallelism: 1 })
    await after.write('a')
    await after.transactions.commit((await after.prepare()).committables)
    expect(kafka.values('out')).toEqual(['a'])
    expect(await openTransactions(after)).toEqual([])
  })

  test('What a broker is late to do for the attempt before takes no transaction away from the next one', async () => {
    const kafka = cluster()
    const before = await started(kafka)
    const after = await started(kafka, { attempt: 1 })
    await before.driver.initProducerId('totals/orders/0.0.0/0', 900_000)
    await before.driver.initProducerId('totals/orders/0.0.0/1', 900_000)
    await after.write('a')
    await after.transactions.commit((await after.prepare()).committables)
    await after.write('b')
    await after.transactions.commit((await after.prepare()).committables)
    expect(kafka.values('out')).toEqual(['a', 'b'])
  })

  test('What a broker is late to open for the attempt before is aborted at the first barrier', async () => {
    const kafka = cluster()
    const before = await started(kafka)
    const after = await started(kafka, { attempt: 1 })
    await before.write('late')
    await after.write('a')
    const { committables } = await after.prepare()
    await vi.waitFor(async () => expect(await openTransactions(after)).toEqual(['totals/orders/0.0.1/0']))
    await after.transactions.commit(committables)
    expect(kafka.values('out')).toEqual(['a'])
  })

  test('A closed writer leaves nothing open, but what waits for its checkpoint', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    await subtask.write('a')
    const checkpoint = await subtask.checkpoint(1)
    await subtask.write('open')
    await subtask.transactions.abort()
    expect(await openTransactions(subtask)).toEqual(['totals/orders/0.0.0/0'])
    await restored(kafka, checkpoint)
    expect(kafka.values('out')).toEqual(['a'])
  })

  test('A transaction that timed out before its commit is lost: a lasting failure, or skipped if that was said', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    await subtask.write('a')
    const checkpoint = await subtask.checkpoint(1)
    kafka.transactions.expire('totals/orders/0.0.0/0')
    const lost = restored(kafka, checkpoint)
    await expect(lost).rejects.toMatchObject({
      code: 'TRANSACTION_LOST',
      isLasting: true,
      facts: { outcome: 'aborted' },
    })
    await expect(lost).rejects.toThrow(
      /^Cannot commit transaction "totals\/orders\/0.0.0\/0", with records from topic "out", partition 0, offset 0 on, .* it was aborted when its timeout of 900 s had passed\. Its records are lost\..*--on-lost-transaction=skip/,
    )
    const after = await restored(kafka, checkpoint, { onLostTransaction: 'skip' })
    await after.write('b')
    await after.transactions.commit((await after.prepare()).committables)
    expect(kafka.values('out')).toEqual(['b'])
  })

  test('A transaction that another run has aborted is lost, though its id may look committed and used again', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    await subtask.write('a')
    const checkpoint = await subtask.checkpoint(1)
    const other = await started(kafka)
    await other.write('b')
    await other.transactions.commit((await other.prepare()).committables)
    await expect(restored(kafka, checkpoint)).rejects.toThrow(
      'another producer with its transactional id has aborted it: another run of job "orders"',
    )
  })

  test('A transaction that times out while it is written to fails the attempt, and no more', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    await subtask.write('a')
    kafka.transactions.expire('totals/orders/0.0.0/0')
    const refusal = await subtask.write('b').catch((error: unknown) => error)
    const error = await subtask.transactions.explain(refusal)
    expect(error).toMatchObject({ code: 'TRANSACTION_TIMED_OUT', facts: { timeoutMs: 900_000 }, cause: refusal })
    expect(error).not.toHaveProperty('isLasting')
  })

  test('An id that the broker has forgotten, as nothing was written for days, fails the attempt, which is told as it is', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    kafka.transactions.forget('totals/orders/0.0.0/0')
    const refusal = await subtask.write('a').catch((error: unknown) => error)
    const error = await subtask.transactions.explain(refusal)
    expect(error).toMatchObject({ code: 'TRANSACTIONAL_ID_EXPIRED', cause: refusal })
    expect(error).not.toHaveProperty('isLasting')
  })

  test('A second run of the same job fences the first, which tells who and where, and does not come back', async () => {
    const kafka = cluster()
    const first = await started(kafka)
    await first.write('a')
    await started(kafka)
    const error = await first.transactions.explain(await first.write('b').catch((refusal: unknown) => refusal))
    expect(error).toMatchObject({
      code: 'PRODUCER_FENCED',
      isLasting: true,
      facts: { prefix: 'totals', jobName: 'orders' },
    })
  })

  test('A second job with the prefix of one that runs is refused, with both names', async () => {
    const kafka = cluster()
    const first = await started(kafka)
    await first.write('a')
    const second = started(kafka, { jobName: 'refunds' })
    await expect(second).rejects.toMatchObject({
      code: 'TRANSACTIONAL_ID_PREFIX_IN_USE',
      isLasting: true,
      facts: { jobName: 'refunds', otherJobName: 'orders', prefix: 'totals' },
    })
    await expect(second).rejects.toThrow('from job "refunds" with transactionalIdPrefix "totals": job "orders" uses it')
    await first.write('b')
    await started(kafka, { jobName: 'refunds', prefix: 'total' })
    await started(kafka, { jobName: 'refunds', prefix: 'totals-2' })
  })

  test('A job that was renamed goes on with the transactions of its former name', async () => {
    const kafka = cluster()
    const before = await started(kafka)
    await before.write('a')
    const checkpoint = await before.checkpoint(1)
    await before.write('lost')
    const after = await restored(kafka, checkpoint, { jobName: 'orders-2' })
    await after.write('b')
    await after.transactions.commit((await after.prepare()).committables)
    expect(kafka.values('out')).toEqual(['a', 'b'])
  })

  test('A timeout that is too short for the checkpoints of the job, or too long for the brokers, is refused with the numbers', async () => {
    const kafka = cluster()
    await expect(started(kafka, { timeoutMs: 120_999 })).rejects.toMatchObject({
      code: 'TRANSACTION_TIMEOUT_TOO_SHORT',
      isLasting: true,
      facts: { transactionTimeoutMs: 120_999, neededMs: 121_000 },
    })
    await started(kafka, { timeoutMs: 121_000 })
    const tooLong = started(kafka, { timeoutMs: 3_600_000 })
    await expect(tooLong).rejects.toMatchObject({
      code: 'TRANSACTION_TIMEOUT_REFUSED',
      isLasting: true,
      facts: { transactionTimeoutMs: 3_600_000, maximumMs: 900_000 },
    })
    await expect(tooLong).rejects.toThrow('no more than their maximum of 900 s (transaction.max.timeout.ms)')
  })

  test('A commit whose answer is lost fails the attempt, and is repeated by the next one', async () => {
    const kafka = cluster()
    const subtask = await started(kafka)
    await subtask.write('a')
    const checkpoint = await subtask.checkpoint(1)
    kafka.failNext('endTransaction', new KafkaError('TIMED_OUT', 'no answer'))
    await expect(subtask.transactions.commit(checkpoint.committables[0]!)).rejects.toMatchObject({ code: 'TIMED_OUT' })
    await restored(kafka, checkpoint)
    expect(kafka.values('out')).toEqual(['a'])
  })

  test('The next transaction is begun in the background; if that failed, it is tried again at the barrier', async () => {
    const kafka = cluster()
    kafka.failNext('initProducerId', new KafkaError('TIMED_OUT', 'no answer'))
    await expect(started(kafka)).rejects.toMatchObject({ code: 'TIMED_OUT' })
    const subtask = await started(kafka)
    await subtask.write('a')
    await subtask.prepare()
    kafka.failNext('initProducerId', new KafkaError('TIMED_OUT', 'no answer'))
    await subtask.write('b')
    await subtask.prepare()
    await subtask.write('c')
    expect((await subtask.prepare()).committables).toMatchObject([{ number: 3 }])
  })
})

test('Over any history of crashes, restarts, rescalings and failed checkpoints each record of a completed one shows once, in order', async () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new SeededRandom(seed)
    const kafka = cluster()
    const expected: string[] = []
    let nextRecord = 0
    let checkpointId = 0
    let latest: (Snapshot & { readonly records: number }) | undefined
    let before: readonly TestSubtask[] = []
    let attempt = 0
    for (let round = 0; round < 6; round++) {
      const parallelism = 1 + random.below(4)
      const subtasks: TestSubtask[] = []
      // Another process, or another attempt in the same one.
      attempt = random.below(2) === 0 ? 0 : attempt + 1
      nextRecord = latest?.records ?? 0
      for (let index = 0; index < parallelism; index++) {
        subtasks.push(
          new TestSubtask(kafka, {
            index,
            parallelism,
            attempt,
            ...(latest !== undefined && { restoredCheckpointId: latest.checkpointId }),
          }),
        )
      }
      // Split redistribution of both lists, each in its own turn.
      const turn = random.below(parallelism)
      const states = (each: number) => (latest?.states ?? []).filter((_, i) => i % parallelism === each)
      const committables = (each: number) =>
        (latest?.committables ?? []).filter((_, i) => (i + turn) % parallelism === each)
      for (const each of shuffled(random, subtasks.keys())) {
        await subtasks[each]!.open(states(each), committables(each))
        if (random.below(6) === 0) await writeLate(before)
      }
      before = subtasks
      const waiting: { readonly checkpointId: number; readonly committables: readonly (readonly unknown[])[] }[] = []
      const steps = random.below(6)
      for (let step = 0; step < steps; step++) {
        for (const subtask of subtasks) {
          const count = random.below(3)
          for (let i = 0; i < count; i++) await subtask.write(`${nextRecord++}`)
        }
        checkpointId++
        const prepared = await Promise.all(subtasks.map((subtask) => subtask.prepare()))
        waiting.push({ checkpointId, committables: prepared.map(({ committables }) => committables) })
        // Some are savepoints, or time out: their committables wait for a later one.
        if (random.below(4) === 0) continue
        latest = {
          checkpointId,
          records: nextRecord,
          states: prepared.map(({ state }) => state),
          committables: subtasks.map((_, i) => waiting.flatMap(({ committables }) => committables[i]!)),
        }
        expected.splice(0, expected.length, ...Array.from({ length: nextRecord }, (_, i) => `${i}`))
        // Some are told late, and the crash may come before all, some or none are told.
        if (random.below(3) === 0) continue
        if (random.below(3) === 0) break
        const told = random.below(parallelism + 1)
        for (let i = 0; i < (random.below(3) === 0 ? told : parallelism); i++) {
          for (const { committables } of waiting) {
            if (committables[i]!.length > 0) await subtasks[i]!.transactions.commit(committables[i]!)
          }
        }
        if (told < parallelism) break
        waiting.length = 0
      }
      if (random.below(3) === 0) for (const subtask of subtasks) await subtask.transactions.abort()
    }
    if (latest === undefined) continue
    const last = new TestSubtask(kafka, { restoredCheckpointId: latest.checkpointId })
    await last.open(latest.states, latest.committables)
    await writeLate(before)
    await last.prepare()
    await vi.waitFor(async () => expect(await openTransactions(last), `seed ${seed}`).toEqual([]), { interval: 1 })
    const seen = kafka
      .values('out')
      .map(Number)
      .toSorted((a, b) => a - b)
      .map(String)
    expect(seen, `seed ${seed}`).toEqual(expected)
  }
})

/** As a busy broker does for subtasks that are gone. */
async function writeLate(subtasks: readonly TestSubtask[]): Promise<void> {
  for (const subtask of subtasks) await subtask.write('late').catch(() => {})
}

function shuffled<T>(random: SeededRandom, values: Iterable<T>): readonly T[] {
  const rest = [...values]
  return Array.from({ length: rest.length }, () => rest.splice(random.below(rest.length), 1)[0]!)
}
