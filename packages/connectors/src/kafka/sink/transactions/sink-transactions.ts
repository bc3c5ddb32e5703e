import type { SinkWriterContext } from '@millrace/runtime/connector'
import { reachCrashPoint } from '@millrace/runtime/connector'
import type { KafkaDriver, TransactionalIdentity } from '../../driver/kafka-driver.ts'
import { KafkaError } from '../../driver/kafka-error.ts'
import type { KafkaProducer, ProducerOptions } from '../../driver/kafka-producer.ts'
import { abortLingeringTransactions, type SeatState } from './abort-lingering-transactions.ts'
import { commitTransaction, isTimedOut } from './commit-transaction.ts'
import type { PrecommittedTransaction } from './precommitted-transaction.ts'
import { TransactionPool } from './transaction-pool.ts'
import { checkTransactionTimeout, explainRefusedTimeout } from './transaction-timeout.ts'
import { type TransactionSeat, transactionalIdOf } from './transactional-id.ts'

/** The end of a job does not wait longer for brokers. */
const abortMsMax = 1_000
/** After opening, at the first barrier from then on. */
const lookAgainAfterMs: readonly number[] = [0, 10_000]

export interface SinkTransactionsOptions {
  /** `transactionalIdPrefix` */
  readonly prefix: string
  readonly timeoutMs: number
}

/** What transactions ask of their subtask. */
export type TransactionsContext = Pick<
  SinkWriterContext,
  'jobInfo' | 'taskInfo' | 'logger' | 'clock' | 'restoredCheckpointId'
>

/**
 * The transactions of one subtask, for its writer and its committer alike (org.apache.flink.connector.kafka.sink.
 * ExactlyOnceKafkaWriter and KafkaCommitter, with its pooling transaction naming strategy):
 *
 * - the writer writes to the open transaction; at a barrier it flushes, and `prepareCommit` answers that transaction and
 *   begins the next one;
 * - the committable lies in the checkpoint; when that is complete, the committer ends the transaction, which can be repeated;
 * - after a restore committables are committed first, then `open` aborts what else was left open, then writing begins.
 */
export class SinkTransactions {
  readonly #driver: KafkaDriver
  readonly #options: SinkTransactionsOptions
  readonly #context: TransactionsContext
  readonly #seat: TransactionSeat
  readonly #pool: TransactionPool
  #restoredSeats: readonly SeatState[] = []
  #openedAtMs = 0
  readonly #looksLeftMs: number[] = [...lookAgainAfterMs]
  #current: TransactionalIdentity | undefined
  #producer: KafkaProducer | undefined

  /** `driver` stays that of whoever made it. */
  constructor(driver: KafkaDriver, options: SinkTransactionsOptions, context: TransactionsContext) {
    this.#driver = driver
    this.#options = options
    this.#context = context
    const { jobInfo, taskInfo, restoredCheckpointId = 0 } = context
    const { index: subtaskIndex, attempt } = taskInfo
    this.#seat = { jobName: jobInfo.jobName, restoredCheckpointId, subtaskIndex, attempt }
    this.#pool = new TransactionPool({
      driver,
      transactionalId: (number) => transactionalIdOf(options.prefix, this.#seat, number),
      timeoutMs: options.timeoutMs,
    })
  }

  /**
   * Begins the first transaction, after all that was restored is committed; answers the producer to write with.
   *
   * @param seats - the restored states of writers, see `snapshotState`.
   * @throws KafkaError `TRANSACTION_TIMEOUT_TOO_SHORT`, `TRANSACTION_TIMEOUT_REFUSED`, `TRANSACTIONAL_ID_PREFIX_IN_USE`, all lasting
   */
  async open(seats: readonly unknown[], producerOptions: Omit<ProducerOptions, 'identity'>): Promise<KafkaProducer> {
    const { timeoutMs } = this.#options
    const { jobInfo, logger, clock } = this.#context
    checkTransactionTimeout(timeoutMs, jobInfo, logger)
    // Of our own making: a snapshot answers each operator what it gave.
    this.#restoredSeats = seats as readonly SeatState[]
    this.#openedAtMs = clock.monotonicMs()
    await this.#abortLingering()
    try {
      this.#current = await this.#pool.take()
    } catch (error) {
      throw await explainRefusedTimeout(error, timeoutMs, this.#driver)
    }
    this.#producer = this.#driver.createProducer({ ...producerOptions, identity: this.#current })
    this.#producer.beginTransaction()
    return this.#producer
  }

  /**
   * After a flush: what is to be committed with the checkpoint, and the next transaction is begun. Brokers cannot commit a
   * transaction without records: it stays open for those to come.
   */
  async prepareCommit(): Promise<readonly PrecommittedTransaction[]> {
    this.#lookAgain()
    const producer = this.#producer!
    const identity = this.#current!
    if (producer.isTransactionEmpty) {
      this.#pool.precommit(undefined)
      return []
    }
    const next = await this.#pool.take()
    const witness = producer.firstInTransaction
    const number = this.#pool.precommit(identity)
    producer.beginTransaction(next)
    this.#current = next
    return [
      {
        ...identity,
        number,
        witness,
        precommittedAtMs: this.#context.clock.now(),
        timeoutMs: this.#options.timeoutMs,
      },
    ]
  }

  /** After `prepareCommit`: plain data. */
  snapshotState(): readonly SeatState[] {
    return [{ ...this.#seat, precommitted: this.#pool.precommitted() }]
  }

  /** For the committer: in order, what belongs to one checkpoint, or to the one that the job starts from. */
  async commit(committables: readonly unknown[]): Promise<void> {
    reachCrashPoint('sink-precommitted')
    const { clock, logger, jobInfo } = this.#context
    for (const transaction of committables as readonly PrecommittedTransaction[]) {
      const { transactionalId } = transaction
      const answer = await commitTransaction(transaction, { driver: this.#driver, clock, logger, jobInfo })
      this.#pool.committed(transactionalId)
      if (answer === 'refused' && !this.#isOwn(transactionalId)) await this.#abortSuccessor(transactionalId)
    }
    for (const { transactionalId, number } of committables as readonly PrecommittedTransaction[]) {
      // Restored ones are numbered by another writer.
      if (this.#isOwn(transactionalId)) this.#pool.completed(number)
    }
  }

  /**
   * At the end of the writer: aborts what is open, unless that takes long. Else readers would wait for its timeout, or for
   * the next attempt.
   */
  async abort(): Promise<void> {
    const identity = this.#current
    if (identity === undefined || this.#producer === undefined || this.#producer.isTransactionEmpty) return
    this.#current = undefined
    const waited = Promise.withResolvers<void>()
    const cancel = this.#context.clock.schedule(abortMsMax, waited.resolve)
    // A new epoch also keeps out what is still on its way.
    const aborted = this.#driver.initProducerId(identity.transactionalId, this.#options.timeoutMs)
    await Promise.race([aborted.catch(() => {}), waited.promise])
    cancel()
  }

  /** Why the producer was refused, as far as it can be known: brokers say the same for a timeout and another producer. */
  async explain(error: unknown): Promise<unknown> {
    const identity = this.#current
    if (!(error instanceof KafkaError) || identity === undefined) return error
    const refusal = refusalOf(error)
    if (refusal === undefined) return error
    const { transactionalId } = identity
    const { prefix, timeoutMs } = this.#options
    const { jobName, jobId } = this.#context.jobInfo
    const facts = { ...identity, jobName, jobId, prefix }
    let description: Awaited<ReturnType<KafkaDriver['describeTransactions']>>[number] | undefined
    try {
      ;[description] = await this.#driver.describeTransactions([transactionalId])
    } catch {
      return error
    }
    if (description === undefined) {
      return new KafkaError(
        'TRANSACTIONAL_ID_EXPIRED',
        `Cannot write in a transaction of "${transactionalId}": the broker has forgotten this id, since nothing was written for ` +
          'longer than its transactional.id.expiration.ms (7 days by default). The next attempt of the job takes it anew.',
        facts,
        { cause: error },
      )
    }
    if (isTimedOut(description, identity)) {
      return new KafkaError(
        'TRANSACTION_TIMED_OUT',
        `Cannot write on in transaction "${transactionalId}": the broker has aborted it, since it was open for longer than the ` +
          `transaction timeout of ${timeoutMs / 1_000} s. Its records come again from the last checkpoint. Take checkpoints more ` +
          'often, or raise transactionTimeoutMs.',
        { ...facts, timeoutMs },
        { cause: error },
      )
    }
    return new KafkaError(
      'PRODUCER_FENCED',
      `Cannot write on in transaction "${transactionalId}" of job "${jobName}" (${jobId}): another producer has taken over this ` +
        `id. Another run of job "${jobName}", or another sink in it, uses the transactionalIdPrefix "${prefix}" as well: stop ` +
        'one of them, or give each sink a prefix of its own.',
      facts,
      { cause: error, isLasting: true },
    )
  }

  /**
   * A restored transaction whose id was used again: what is open under it comes from after the snapshot, and nobody else would
   * end it, since the id counts as precommitted.
   */
  async #abortSuccessor(transactionalId: string): Promise<void> {
    const [description] = await this.#driver.describeTransactions([transactionalId])
    if (description?.state !== 'Ongoing') return
    await this.#driver.initProducerId(transactionalId, this.#options.timeoutMs)
  }

  #abortLingering(): Promise<void> {
    const { prefix, timeoutMs } = this.#options
    const { jobInfo, taskInfo, logger } = this.#context
    return abortLingeringTransactions({
      driver: this.#driver,
      ...{ prefix, timeoutMs, jobInfo, taskInfo, logger },
      restoredCheckpointId: this.#seat.restoredCheckpointId,
      seats: this.#restoredSeats,
      isTaken: (transactionalId) => this.#pool.has(transactionalId),
    })
  }

  /**
   * A broker that was busy may come to the last requests of an earlier attempt only after `open` has looked. Nobody waits for
   * this: if it fails, readers wait for the timeout of what is open.
   */
  #lookAgain(): void {
    const [dueMs] = this.#looksLeftMs
    const { clock, logger } = this.#context
    if (dueMs === undefined || clock.monotonicMs() - this.#openedAtMs < dueMs) return
    this.#looksLeftMs.shift()
    this.#abortLingering().catch((error: unknown) => {
      logger.debug('could not look for open transactions of earlier attempts again', { error: String(error) })
    })
  }

  #isOwn(transactionalId: string): boolean {
    return transactionalId.startsWith(transactionalIdOf(this.#options.prefix, this.#seat, 0).slice(0, -1))
  }
}

function refusalOf(error: KafkaError): KafkaError | undefined {
  if (error.code === 'PRODUCER_FENCED' || error.code === 'INVALID_TRANSACTION_STATE') return error
  return error.code === 'PRODUCER_FAILED' && error.cause instanceof KafkaError ? refusalOf(error.cause) : undefined
}
