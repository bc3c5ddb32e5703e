import type { Counter, SourceReaderContext } from '@millrace/runtime/connector'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import type { KafkaProducer } from '../driver/kafka-producer.ts'
import type { PrecommittedTransaction } from '../sink/transactions/precommitted-transaction.ts'
import { SinkTransactions, type SinkTransactionsOptions } from '../sink/transactions/sink-transactions.ts'
import {
  type DeadLetter,
  deadLetterBatches,
  deadLetterBytes,
  deadLetterFailed,
  firstDeadLetters,
} from './dead-letter.ts'
import { type DeadLetters, type DeadLetterTransactions, deadLetterPartitions } from './dead-letters.ts'
import { splitIdOf } from './kafka-split.ts'

/** Letters outside of sealed transactions go into snapshots, so this bounds them; one letter more may come on top. */
const unsealedBytesMax = 4 * 1024 * 1024
/** A transaction of so many bytes is sealed, whatever else. */
const transactionBytesMax = 1024 * 1024
/** So many transactions are sealed as soon as there is nothing to write; letters after that wait for the next checkpoint. */
const promptlySealedMax = 8
/** Of so many, reading waits until a checkpoint is complete: the pool of transactional ids has room for 100. */
const sealedMax = 64

export interface TransactionalDeadLettersParts extends SinkTransactionsOptions {
  readonly topic: string
  readonly driver: () => KafkaDriver
  readonly context: SourceReaderContext
  /** Called when there is more room, when `isEmpty` may have changed, and after a failure. */
  readonly onChange: () => void
}

/**
 * Writes dead letters so that a reader of `read_committed` sees each once, through failures.
 *
 * A reader cannot wait for brokers at a barrier, as a sink does. So letters are sealed beside it: they are written to an open
 * transaction, and when all of it is acknowledged, it is sealed, and the next one begun. A snapshot has sealed transactions as
 * such, to be committed when its checkpoint is complete; all other letters it has as they are. After a restore these are
 * written anew, and the transaction that they were in is aborted, for only sealed ones are spared.
 *
 * A job without checkpoints is not restarted: its transactions are committed when they are sealed. But not after a savepoint,
 * until it reads on: a job that is stopped by it goes on from there, and writes the letters that it holds once more.
 */
export class TransactionalDeadLetters implements DeadLetters {
  readonly #parts: TransactionalDeadLettersParts
  readonly #writtenCount: Counter
  #transactions: SinkTransactions | undefined
  #producer: KafkaProducer | undefined
  #partitionCount = 0
  #waiting: DeadLetter[] = []
  /** On their way in the open transaction, or acknowledged. */
  #open: DeadLetter[] = []
  #openBytes = 0
  #waitingBytes = 0
  #sealed: readonly PrecommittedTransaction[] = []
  /** By checkpoint: the number of the last sealed transaction in its snapshot. */
  readonly #lastIn = new Map<number, number>()
  #isSealDue = false
  /** After a savepoint of a job without checkpoints. */
  #isHeld = false
  #isWorking = false
  #committing: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(parts: TransactionalDeadLettersParts) {
    this.#parts = parts
    this.#writtenCount = parts.context.metrics.counter('deadLettersWritten')
  }

  get failure(): unknown {
    return this.#failure
  }

  get isEmpty(): boolean {
    const isCommitted = !this.#commitsItself || this.#sealed.length === 0
    return this.#waiting.length === 0 && this.#open.length === 0 && isCommitted
  }

  get isFull(): boolean {
    return this.#openBytes + this.#waitingBytes >= unsealedBytesMax || this.#sealed.length >= sealedMax
  }

  async open(restored: readonly DeadLetterTransactions[]): Promise<void> {
    const { topic, driver, prefix, timeoutMs, context } = this.#parts
    this.#partitionCount = await deadLetterPartitions(topic, driver())
    this.#transactions = new SinkTransactions(driver(), { prefix, timeoutMs }, context)
    await this.#transactions.commit(restored.flatMap(({ precommitted }) => precommitted))
    this.#producer = await this.#transactions.open(
      restored.flatMap(({ seats }) => seats),
      {},
    )
    void this.#work()
  }

  put(letter: DeadLetter): void {
    this.#waiting.push(letter)
    this.#waitingBytes += deadLetterBytes(letter)
    void this.#work()
  }

  finish(): void {
    if (this.isEmpty) return
    this.#isSealDue = true
    void this.#work()
  }

  unsettledOf(splitId: string): readonly DeadLetter[] {
    if (this.isEmpty) return []
    return [...this.#open, ...this.#waiting].filter((letter) => splitIdOf(letter) === splitId)
  }

  snapshotState(checkpointId: number): DeadLetterTransactions | undefined {
    if (this.#transactions === undefined) return undefined
    const precommitted = this.#sealed
    const last = precommitted.at(-1)
    if (last !== undefined) this.#lastIn.set(checkpointId, last.number)
    // What is being sealed at this moment is not part of this snapshot, but its letters are.
    const [seat] = this.#transactions.snapshotState()
    const spared = precommitted.map(({ transactionalId }) => transactionalId)
    // So that these letters do not wait for a second checkpoint after this one.
    if (this.#open.length > 0) this.#isSealDue = true
    if (this.#commitsItself) {
      this.#isHeld = true
      // So that `resume` comes if reading goes on, though there may be nothing to read.
      this.#parts.onChange()
    }
    void this.#work()
    return { precommitted, seats: [{ ...seat, precommitted: spared }] }
  }

  resume(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    void this.#work()
  }

  async notifyCheckpointComplete(checkpointId: number): Promise<void> {
    const last = this.#lastIn.get(checkpointId)
    for (const id of this.#lastIn.keys()) if (id <= checkpointId) this.#lastIn.delete(id)
    if (last !== undefined) await this.#commitUpTo(last)
  }

  async close(): Promise<void> {
    await this.#transactions?.abort()
  }

  /** One at a time: writes what waits, seals what is written, and commits if no checkpoint will. */
  async #work(): Promise<void> {
    if (this.#isWorking || this.#producer === undefined || this.#failure !== undefined) return
    this.#isWorking = true
    try {
      while (!this.#isHeld) {
        if (this.#commitsItself && this.#sealed.length > 0) await this.#commitUpTo(this.#sealed.at(-1)!.number)
        else if (this.#open.length > 0 && this.#isToBeSealed) await this.#seal()
        else if (this.#waiting.length > 0) await this.#write()
        else break
      }
    } catch (cause) {
      const reason = (await this.#transactions?.explain(cause)) ?? cause
      this.#failure = deadLetterFailed(this.#parts.topic, this.#open[0] ?? this.#waiting[0], reason)
      this.#parts.onChange()
    }
    this.#isWorking = false
  }

  get #commitsItself(): boolean {
    return this.#parts.context.jobInfo.checkpointing === undefined
  }

  get #isToBeSealed(): boolean {
    if (this.#isSealDue || this.#openBytes >= transactionBytesMax) return true
    return this.#waiting.length === 0 && this.#sealed.length < promptlySealedMax
  }

  async #write(): Promise<void> {
    const letters = firstDeadLetters(this.#waiting)
    this.#waiting.splice(0, letters.length)
    for (const letter of letters) {
      const bytes = deadLetterBytes(letter)
      this.#waitingBytes -= bytes
      this.#openBytes += bytes
      this.#open.push(letter)
    }
    const batches = deadLetterBatches(letters, this.#partitionCount)
    await Promise.all(batches.map(([to, batch]) => this.#producer!.send(this.#parts.topic, to, batch)))
    this.#writtenCount.inc(letters.length)
  }

  async #seal(): Promise<void> {
    const [transaction] = await this.#transactions!.prepareCommit()
    this.#isSealDue = false
    this.#open = []
    this.#openBytes = 0
    if (transaction !== undefined) this.#sealed = [...this.#sealed, transaction]
    this.#parts.onChange()
  }

  /**
   * In order. One that a snapshot has is committed once more after a restore, which does nothing. But none is in a snapshot that
   * the pool believes it is not in, or its id could be used again too early: hence one by one.
   */
  #commitUpTo(last: number): Promise<void> {
    this.#committing = this.#committing.then(async () => {
      for (const due of this.#sealed.filter(({ number }) => number <= last)) {
        await this.#transactions!.commit([due])
        this.#sealed = this.#sealed.filter((each) => each !== due)
        this.#parts.onChange()
      }
    })
    return this.#committing
  }
}
