import type { Counter, InputStatus, ReaderOutput, SourceReader, SourceReaderContext } from '@millrace/runtime/connector'
import type { FetchedRecord } from '../driver/fetched-record.ts'
import type { KafkaDriver, PartitionOffset } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaFetcher } from '../driver/kafka-fetcher.ts'
import type { KafkaDeserializer } from '../formats/deserializer.ts'
import type { KafkaSourceSettings } from './kafka-source-settings.ts'
import type { KafkaSplit } from './kafka-split.ts'
import { OffsetCommits } from './offset-commits.ts'
import { PoisonRecords } from './poison-records.ts'

/** Records that are left out are not seen by the output, which else keeps the pace: after so many others get their turn. */
const leftOutMax = 1_000
/** How long closing waits for a commit of offsets that is under way. */
const commitGraceMs = 1_000

/**
 * Reads the partitions it is given. A reader without partitions connects to nothing. Nothing is kept for a record: the fetcher
 * knows how far each partition has been handed out, and every record handed out is emitted within the same poll.
 */
export class KafkaSourceReader<T> implements SourceReader<T, KafkaSplit> {
  readonly #settings: KafkaSourceSettings
  readonly #deserialize: KafkaDeserializer<T>
  readonly #context: SourceReaderContext
  readonly #poison: PoisonRecords
  readonly #commits: OffsetCommits | undefined
  readonly #bytes: Counter
  readonly #resets: Counter
  readonly #splits = new Map<string, KafkaSplit>()
  /** Where splits ended whose end no checkpoint has told the group yet. */
  readonly #endedOffsets = new Map<string, PartitionOffset>()
  #driver: KafkaDriver | undefined
  #fetcher: KafkaFetcher<KafkaSplit> | undefined
  #hasAllSplits = false
  #isClosed = false
  #failure: unknown
  #available: PromiseWithResolvers<void> | undefined

  constructor(settings: KafkaSourceSettings, deserialize: KafkaDeserializer<T>, context: SourceReaderContext) {
    this.#settings = settings
    this.#deserialize = deserialize
    this.#context = context
    this.#poison = new PoisonRecords(settings.onDeserializationError, context.metrics)
    this.#bytes = context.metrics.counter('bytesConsumedTotal')
    this.#resets = context.metrics.counter('offsetsReset')
    const { groupId, commitOffsetsOnCheckpoint } = settings
    if (groupId !== undefined && commitOffsetsOnCheckpoint) {
      this.#commits = new OffsetCommits(groupId, () => this.#connected(), context)
    }
  }

  addSplits(splits: readonly KafkaSplit[]): void {
    if (splits.length === 0) return
    for (const split of splits) this.#splits.set(split.splitId, split)
    this.#fetcher ??= this.#connected().createFetcher<KafkaSplit>(this.#settings.fetcher)
    this.#fetcher.assign(splits)
    this.#wake()
  }

  notifyNoMoreSplits(): void {
    this.#hasAllSplits = true
    this.#wake()
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    if (this.#failure !== undefined) throw this.#failure
    const fetcher = this.#fetcher
    if (fetcher === undefined) return this.#statusWithoutRecords()
    let leftOut = 0
    let bytes = 0
    for (;;) {
      const record = this.#next(fetcher)
      if (record === undefined) break
      bytes += Math.max(record.keyLength, 0) + Math.max(record.valueLength, 0)
      let value: T | undefined
      try {
        value = this.#deserialize(record)
      } catch (error) {
        this.#poison.report(record, error)
      }
      const isFull =
        value === undefined
          ? ++leftOut === leftOutMax
          : !output.collect(value, record.timestampMs < 0 ? undefined : record.timestampMs)
      if (isFull) {
        this.#bytes.inc(bytes)
        return 'more-available'
      }
    }
    this.#bytes.inc(bytes)
    for (const split of fetcher.takeEnded()) this.#end(split)
    return this.#statusWithoutRecords()
  }

  isAvailable(): Promise<void> {
    if (this.#failure !== undefined || this.#statusWithoutRecords() === 'end-of-input') return Promise.resolve()
    this.#available ??= Promise.withResolvers<void>()
    void this.#fetcher?.available().then(() => this.#wake())
    return this.#available.promise
  }

  snapshotState(checkpointId: number): readonly KafkaSplit[] {
    const splits: KafkaSplit[] = []
    for (const split of this.#splits.values()) splits.push({ ...split, offset: this.#positionOf(split) })
    const positions = [...splits, ...this.#endedOffsets.values()]
    this.#commits?.put(
      checkpointId,
      positions.map(({ topic, partition, offset }) => ({ topic, partition, offset })),
    )
    return splits
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#commits?.complete(checkpointId)
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.#commits?.abort(checkpointId)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#commitsSettled()
    await this.#driver?.close()
    this.#wake()
  }

  #next(fetcher: KafkaFetcher<KafkaSplit>): FetchedRecord<KafkaSplit> | undefined {
    for (;;) {
      try {
        return fetcher.next()
      } catch (error) {
        const { onOffsetOutOfRange } = this.#settings
        const isOutOfRange = error instanceof KafkaError && error.code === 'OFFSET_OUT_OF_RANGE'
        if (!isOutOfRange || onOffsetOutOfRange === 'fail') throw error
        this.#reset(error, onOffsetOutOfRange)
      }
    }
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
    const { topic, partition, stoppingOffset } = split
    // A partition that was empty from the start may have begun behind its stopping offset.
    const offset = Math.max(stoppingOffset ?? 0, split.offset)
    this.#endedOffsets.set(split.splitId, { topic, partition, offset })
  }

  #positionOf(split: KafkaSplit): number {
    return this.#fetcher?.progress(split)?.offset ?? split.offset
  }

  #statusWithoutRecords(): InputStatus {
    return this.#hasAllSplits && this.#splits.size === 0 ? 'end-of-input' : 'nothing-available'
  }

  #connected(): KafkaDriver {
    const { createDriver, connection, clientIdPrefix } = this.#settings
    const { clock, logger, taskInfo } = this.#context
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
