import type { Counter, InputStatus, ReaderOutput, SourceReader, SourceReaderContext } from '@millrace/runtime/connector'
import type { FetchedRecord } from '../driver/fetched-record.ts'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import { kafkaDriverFor } from '../driver/kafka-driver-for.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaFetcher } from '../driver/kafka-fetcher.ts'
import type { KafkaDeserializer } from '../formats/deserializer.ts'
import { FormatNotReady } from '../formats/format-not-ready.ts'
import { commitTransaction } from '../sink/transactions/commit-transaction.ts'
import { createDeadLetters } from './create-dead-letters.ts'
import type { DeadLetters, DeadLetterTransactions } from './dead-letters.ts'
import { HeldRecord } from './held-record.ts'
import type { KafkaSourceSettings } from './kafka-source-settings.ts'
import type { KafkaSplit } from './kafka-split.ts'
import { OffsetCommits } from './offset-commits.ts'
import { PoisonRecords } from './poison-records.ts'
import { SourceGauges } from './source-gauges.ts'
import { SourceIdleTime } from './source-idle-time.ts'

/** Records that are left out are not seen by the output, which else keeps the pace: after so many others get their turn. */
const leftOutMax = 1_000
const gaugedWhenIdleMax = 32
/** How long closing waits for a commit of offsets that is under way: less than the runtime waits for a reader to close. */
const commitGraceMs = 2_000

/**
 * Reads the partitions it is given. A reader without partitions connects to nothing. Nothing is kept for a record: the fetcher
 * knows how far each partition has been handed out, and every record handed out is emitted within the same poll, but for one
 * that its format is not ready for: it is held, and nothing overtakes it.
 */
export class KafkaSourceReader<T> implements SourceReader<T, KafkaSplit> {
  readonly commitsOnCheckpoint: boolean
  readonly #settings: KafkaSourceSettings
  readonly #deserialize: KafkaDeserializer<T>
  readonly #context: SourceReaderContext
  readonly #poison: PoisonRecords
  readonly #deadLetters: DeadLetters | undefined
  #restoredTransactions: DeadLetterTransactions[] = []
  readonly #commits: OffsetCommits | undefined
  readonly #bytes: Counter
  readonly #resets: Counter
  readonly #gauges: SourceGauges
  readonly #idleTime: SourceIdleTime
  readonly #splits = new Map<string, KafkaSplit>()
  /** Those that are read to their end, with that as their offset. */
  readonly #ended = new Map<string, KafkaSplit>()
  #driver: KafkaDriver | undefined
  #fetcher: KafkaFetcher<KafkaSplit> | undefined
  /** What comes before all that the fetcher has. */
  #held: FetchedRecord<KafkaSplit> | undefined
  #isPreparing = false
  #hasAllSplits = false
  #isClosed = false
  #failure: unknown
  #available: PromiseWithResolvers<void> | undefined

  constructor(settings: KafkaSourceSettings, deserialize: KafkaDeserializer<T>, context: SourceReaderContext) {
    this.#settings = settings
    this.#deserialize = deserialize
    this.#context = context
    const policy = settings.onDeserializationError
    if (typeof policy === 'object') {
      const driver = () => this.#connected()
      this.#deadLetters = createDeadLetters({ policy, driver, context, onChange: () => this.#wake() })
    }
    this.#poison = new PoisonRecords(policy, context.metrics, this.#deadLetters)
    this.#bytes = context.metrics.counter('bytesConsumedTotal')
    this.#resets = context.metrics.counter('offsetsReset')
    this.#gauges = new SourceGauges(context.metrics, context.clock, settings.isolation === 'read_committed')
    this.#idleTime = new SourceIdleTime(context.metrics, context.clock, () => this.#updateGauges())
    const { groupId, commitOffsetsOnCheckpoint } = settings
    if (groupId !== undefined && commitOffsetsOnCheckpoint) {
      this.#commits = new OffsetCommits(
        groupId,
        () => this.#connected(),
        context,
        (offsets) => this.#gauges.committed(offsets),
      )
    }
    const hasTransactions = typeof policy === 'object' && policy.transactionalIdPrefix !== undefined
    this.commitsOnCheckpoint = this.#commits !== undefined || hasTransactions
  }

  async start(): Promise<void> {
    const transactions = this.#restoredTransactions
    this.#restoredTransactions = []
    if (this.#deadLetters !== undefined) await this.#deadLetters.open(transactions)
    else await this.#commitRestored(transactions)
  }

  addSplits(splits: readonly KafkaSplit[]): void {
    if (splits.length === 0) return
    const own = splits.map((split) => this.#takeDeadLetters(split))
    for (const split of own) this.#splits.set(split.splitId, split)
    this.#fetcher ??= this.#connected().createFetcher<KafkaSplit>(this.#settings.fetcher)
    this.#fetcher.assign(own)
    this.#wake()
  }

  notifyNoMoreSplits(): void {
    this.#hasAllSplits = true
    this.#wake()
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    const failure = this.#failure ?? this.#deadLetters?.failure
    if (failure !== undefined) throw failure
    this.#deadLetters?.resume?.()
    const fetcher = this.#fetcher
    if (fetcher === undefined) return this.#statusWithoutRecords()
    if (this.#isPreparing) return 'nothing-available'
    if (this.#gauges.isDue) this.#updateGauges()
    let leftOut = 0
    let records = 0
    let bytes = 0
    for (;;) {
      if (this.#deadLetters?.isFull === true) break
      const record = this.#held ?? this.#next(fetcher)
      if (record === undefined) break
      let value: T | undefined
      try {
        value = this.#deserialize(record)
      } catch (error) {
        if (error instanceof FormatNotReady) {
          this.#count(records, bytes)
          return this.#hold(record, error)
        }
        this.#poison.report(record, error)
      }
      this.#held = undefined
      records++
      bytes += Math.max(record.keyLength, 0) + Math.max(record.valueLength, 0)
      const isFull =
        value === undefined
          ? ++leftOut === leftOutMax
          : !output.collect(value, record.timestampMs < 0 ? undefined : record.timestampMs)
      if (isFull) {
        this.#count(records, bytes)
        return 'more-available'
      }
    }
    this.#count(records, bytes)
    // Nothing may come for long: what is shown then is to be right, unless looking at so many partitions would take long.
    if (this.#splits.size <= gaugedWhenIdleMax || this.#gauges.isDue) this.#updateGauges()
    // Not before its last record is emitted.
    if (this.#held === undefined) for (const split of fetcher.takeEnded()) this.#end(split)
    return this.#statusWithoutRecords()
  }

  isAvailable(): Promise<void> {
    const hasFailed = this.#failure !== undefined || this.#deadLetters?.failure !== undefined
    if (hasFailed || this.#statusWithoutRecords() === 'end-of-input') return Promise.resolve()
    this.#idleTime.begin()
    this.#available ??= Promise.withResolvers<void>()
    const { promise } = this.#available
    if (!this.#isPreparing && this.#deadLetters?.isFull !== true)
      void this.#fetcher?.available().then(() => this.#wake())
    return promise
  }

  snapshotState(checkpointId: number): readonly KafkaSplit[] {
    const reading = [...this.#splits.values()].map((split) => ({ ...split, offset: this.#positionOf(split) }))
    const ended = [...this.#ended.values()]
    const positions = [...reading, ...ended].map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    this.#commits?.put(checkpointId, positions)
    const deadLetterTransactions = this.#deadLetters?.snapshotState(checkpointId)
    const withLetters = [...reading, ...ended].map((split, i) => {
      const each = this.#withDeadLetters(split)
      return i === 0 && deadLetterTransactions !== undefined ? { ...each, deadLetterTransactions } : each
    })
    const hasLetters = (split: KafkaSplit) =>
      split.deadLetters !== undefined || (split.deadLetterTransactions?.precommitted.length ?? 0) > 0
    return withLetters.filter((split) => hasLetters(split) || this.#splits.has(split.splitId))
  }

  async notifyCheckpointComplete(checkpointId: number): Promise<void> {
    this.#commits?.complete(checkpointId)
    await this.#deadLetters?.notifyCheckpointComplete(checkpointId)
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#commits?.abort(checkpointId)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#idleTime.end()
    await Promise.all([this.#commitsSettled(), this.#deadLetters?.close()])
    await this.#driver?.close()
    this.#wake()
  }

  #next(fetcher: KafkaFetcher<KafkaSplit>): FetchedRecord<KafkaSplit> | undefined {
    for (;;) {
      try {
        return fetcher.next()
      } catch (error) {
        if (error instanceof KafkaError && error.code === 'UNKNOWN_TOPIC') throw this.#goneWhileRead(error)
        const { onOffsetOutOfRange } = this.#settings
        const isOutOfRange = error instanceof KafkaError && error.code === 'OFFSET_OUT_OF_RANGE'
        if (!isOutOfRange || onOffsetOutOfRange === 'fail') throw error
        this.#reset(error, onOffsetOutOfRange)
      }
    }
  }

  #hold(record: FetchedRecord<KafkaSplit>, { prepare }: FormatNotReady): InputStatus {
    this.#held = record instanceof HeldRecord ? record : new HeldRecord(record)
    this.#isPreparing = true
    const settle = () => {
      this.#isPreparing = false
      this.#wake()
    }
    prepare(this.#context).then(settle, (failure: unknown) => {
      this.#failure ??= failure
      settle()
    })
    return 'nothing-available'
  }

  /**
   * A topic that was there and is not any more was deleted, with what was to be read of it. Lasting: should one of the same
   * name come, offsets of the old one mean nothing in it, and a job that started again by itself might begin in its midst.
   */
  #goneWhileRead(cause: KafkaError): KafkaError {
    const { topic, partition } = cause.facts as { readonly topic: string; readonly partition: number }
    const offset = this.#fetcher?.progress({ topic, partition })?.offset
    return new KafkaError(
      'UNKNOWN_TOPIC',
      `Cannot read on in topic "${topic}", partition ${partition}, from offset ${offset}: it is not there any more, so it was ` +
        'deleted, or this user may not see it now. To read a topic that was made anew, start the job without its old snapshot, ' +
        'or with another uid of the source.',
      { topic, partition, offset },
      { cause, isLasting: true },
    )
  }

  /** The partition rests until its new offset is known; others go on. */
  #reset(error: KafkaError, to: 'earliest' | 'latest'): void {
    const { topic, partition } = error.facts as { readonly topic: string; readonly partition: number }
    const isolation = this.#settings.isolation
    this.#resets.inc()
    this.#context.logger.warn('an offset is out of range: reading goes on elsewhere', { topic, partition, to })
    this.#connected()
      .listOffsets([{ topic, partition }], to, isolation)
      .then(([position]) => {
        if (!this.#isClosed) this.#fetcher?.seek(position!)
      })
      .catch((failure: unknown) => {
        this.#failure ??= failure
        this.#wake()
      })
  }

  #end(split: KafkaSplit): void {
    this.#context.logger.debug('read a partition to its stopping offset', { splitId: split.splitId })
    this.#splits.delete(split.splitId)
    this.#gauges.ended(split)
    // A partition that was empty from the start may have begun behind its stopping offset.
    this.#ended.set(split.splitId, { ...split, offset: Math.max(split.stoppingOffset ?? 0, split.offset) })
  }

  /** Writes again what a snapshot has of them. */
  #takeDeadLetters(split: KafkaSplit): KafkaSplit {
    const { deadLetters = [], deadLetterTransactions, ...rest } = split
    if (deadLetterTransactions !== undefined) this.#restoredTransactions.push(deadLetterTransactions)
    if (this.#deadLetters === undefined && deadLetters.length > 0) {
      const { splitId } = split
      this.#context.logger.warn('dead letters of the snapshot are dropped: the source has no topic for them any more', {
        splitId,
        offsets: deadLetters.map(({ offset }) => offset),
      })
    }
    for (const letter of deadLetters) this.#deadLetters?.put(letter)
    return rest
  }

  #withDeadLetters(split: KafkaSplit): KafkaSplit {
    const deadLetters = this.#deadLetters?.unsettledOf(split.splitId) ?? []
    return deadLetters.length === 0 ? split : { ...split, deadLetters }
  }

  /** They belong to the checkpoint that the job starts from, also where the source puts no more letters aside. */
  async #commitRestored(transactions: readonly DeadLetterTransactions[]): Promise<void> {
    const { clock, logger, jobInfo } = this.#context
    for (const transaction of transactions.flatMap(({ precommitted }) => precommitted)) {
      await commitTransaction(transaction, { driver: this.#connected(), clock, logger, jobInfo })
    }
  }

  #positionOf(split: KafkaSplit): number {
    if (this.#held?.assignment.splitId === split.splitId) return this.#held.offset
    return this.#fetcher?.progress(split)?.offset ?? split.offset
  }

  #statusWithoutRecords(): InputStatus {
    if (!this.#hasAllSplits || this.#splits.size > 0) return 'nothing-available'
    this.#deadLetters?.finish()
    return this.#deadLetters?.isEmpty === false ? 'nothing-available' : 'end-of-input'
  }

  #count(records: number, bytes: number): void {
    if (records > 0) this.#idleTime.end()
    this.#bytes.inc(bytes)
  }

  #updateGauges(): void {
    this.#gauges.update(this.#splits.values(), (split) => this.#fetcher?.progress(split))
  }

  #connected(): KafkaDriver {
    const { connection, clientIdPrefix } = this.#settings
    const { clock, logger, taskInfo, jobInfo } = this.#context
    const createDriver = this.#settings.createDriver ?? kafkaDriverFor(jobInfo.kafkaDriver)
    this.#driver ??= createDriver({ ...connection, clientId: `${clientIdPrefix}-${taskInfo.index}` }, { clock, logger })
    return this.#driver
  }

  /** So that the group shows the last checkpoint of a job that is stopped. */
  async #commitsSettled(): Promise<void> {
    if (this.#commits === undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#context.clock.schedule(commitGraceMs, resolve)
    await Promise.race([this.#commits.settled(), promise])
    cancel()
  }

  #wake(): void {
    this.#available?.resolve()
    this.#available = undefined
  }
}
