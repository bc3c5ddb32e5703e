import type { Clock, Counter, Gauge, SinkWriter, SinkWriterContext } from '@millrace/runtime/connector'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaProducer } from '../driver/kafka-producer.ts'
import type { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import { type FormatContext, FormatNotReady } from '../formats/format-not-ready.ts'
import { BatchPool } from './batch-pool.ts'
import type { KafkaSinkSettings } from './kafka-sink-settings.ts'
import { partitionOfKey } from './murmur2.ts'
import { checkBytes, checkPartition, checkTimestamp, checkTopicName, type RecordFields } from './record-fields.ts'
import { TopicDirectory } from './topic-directory.ts'
import type { WritablePartition, WritableTopic } from './writable-topic.ts'

/** What a record takes in a batch beside key, value and headers, and more: lengths, differences to the first record. */
const recordOverheadBytes = 32
const noHeaders: readonly never[] = []
/** What is chained to it comes as soon as the code that runs has ended. */
const paused = Promise.resolve()
/** How often a record's formats may ask for time: for schemas of key and value, and some more. */
const preparationsMax = 10

export interface KafkaWriterParts<T> {
  readonly settings: KafkaSinkSettings
  readonly fields: RecordFields<T>
  readonly context: SinkWriterContext
  readonly driver: KafkaDriver
  readonly producer: KafkaProducer
  /** What else is to be closed after the producer: driver, transactions. */
  readonly close: () => Promise<void>
  /** Finds out more about the first failure, before it is told. */
  readonly explain?: (error: unknown) => Promise<unknown>
}

/**
 * Writes records into batches, one for each partition at a time, which leave when they are full or old enough. Keeps no object
 * for a record. The first failure, of whatever batch, is told by the next write or flush. Bench: kafka-writer.bench.ts.
 */
export class KafkaWriter<T> implements SinkWriter<T> {
  readonly #settings: KafkaSinkSettings
  readonly #fields: RecordFields<T>
  readonly #context: FormatContext
  readonly #clock: Clock
  readonly #producer: KafkaProducer
  readonly #closeOthers: () => Promise<void>
  readonly #explain: (error: unknown) => Promise<unknown>
  readonly #topics: TopicDirectory
  readonly #pool: BatchPool
  /** With a batch that is being filled, in the order in which those were begun: what leaves next comes first. */
  readonly #filling = new Set<WritablePartition>()
  readonly #recordsSent: Counter
  readonly #bytesSent: Counter
  readonly #errors: Counter
  readonly #sendTime: Gauge
  /** That of the last record. */
  #topic: WritableTopic | undefined
  #failure: unknown
  /** Whether something was sent since there was room for sure. */
  #mayBeFull = false
  #cancelLinger: (() => void) | undefined
  /** The time of records that have none of their own. */
  #writeTimeMs: number | undefined
  readonly #stopListening: () => void

  constructor({ settings, fields, context, driver, producer, close, explain }: KafkaWriterParts<T>) {
    const { clock, logger, signal, metrics, taskInfo } = context
    this.#settings = settings
    this.#fields = fields
    this.#context = { clock, logger, signal }
    this.#clock = clock
    this.#producer = producer
    this.#closeOthers = close
    this.#explain = explain ?? (async (error) => error)
    this.#pool = new BatchPool(settings.batchBytes, settings.pendingBytesMax)
    this.#topics = new TopicDirectory({
      ...{ driver, clock, signal, maxAgeMs: settings.metadataMaxAgeMs, subtaskIndex: taskInfo.index },
      onForgotten: (topic) => this.#forget(topic),
    })
    this.#recordsSent = metrics.counter('numRecordsSend')
    this.#bytesSent = metrics.counter('numBytesSend')
    this.#errors = metrics.counter('numRecordsSendErrors')
    this.#sendTime = metrics.gauge('currentSendTime', 'max')
    // Whatever is waited for is rejected then.
    const onAbort = (): void => void producer.close()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', onAbort)
  }

  /** Finds the topic, if there is only one, so that a wrong name is told when the job starts. */
  async open(): Promise<void> {
    const { topic } = this.#fields
    if (typeof topic === 'string') this.#topic = await this.#topics.lookUp(topic)
  }

  write(record: T): void | Promise<void> {
    if (this.#failure !== undefined) return this.#fail()
    try {
      return this.#write(record)
    } catch (error) {
      if (error instanceof FormatNotReady) return this.#writeOnceReady(record, error)
      this.#giveUp(error)
      throw error
    }
  }

  /** Waits until all is acknowledged; with the guarantee `none` only at the end. */
  async flush(endOfInput: boolean): Promise<void> {
    if (this.#settings.deliveryGuarantee === 'none' && !endOfInput) return
    this.#sendAll()
    try {
      await this.#producer.flush()
    } catch (error) {
      this.#failed(error)
    }
    if (this.#failure !== undefined) await this.#fail()
  }

  /** Does not wait for what is under way. */
  async close(): Promise<void> {
    this.#stopListening()
    this.#cancelLinger?.()
    await this.#producer.close()
    await this.#closeOthers()
  }

  #write(record: T): void | Promise<void> {
    const { topic: topicOf } = this.#fields
    const name = typeof topicOf === 'string' ? topicOf : topicOf(record)
    let topic = this.#topic
    if (topic === undefined || topic.name !== name) {
      topic = this.#topics.get(name)
      if (topic === undefined) return this.#writeToNewTopic(name, record)
      this.#topic = topic
    }
    this.#append(topic, record)
    if (this.#mayBeFull) return this.#whenRoom()
  }

  #append(topic: WritableTopic, record: T): void {
    const { keyFrom, valueFrom, headersFrom, timestampFrom, partitionFrom } = this.#fields
    const key = keyFrom === undefined ? null : keyFrom(record, topic.keyPart)
    const value = valueFrom(record, topic.valuePart)
    if (typeof key !== 'string') checkBytes('key', key, topic.name)
    if (typeof value !== 'string') checkBytes('value', value, topic.name)
    let timestampMs = timestampFrom === undefined ? -1 : timestampFrom(record)
    if (timestampFrom !== undefined) checkTimestamp(timestampMs, topic.name)
    if (timestampMs < 0) timestampMs = this.#writeTimeMs ?? this.#readTime()

    const isKeyless = key === null && partitionFrom === undefined
    let partition: number
    if (partitionFrom !== undefined) {
      partition = partitionFrom(record, topic.partitionCount)
      checkPartition(partition, topic.partitionCount, topic.name)
    } else {
      partition = key === null ? topic.keylessPartition : partitionOfKey(key, topic.partitionCount)
    }
    let target = topic.partitions[partition]!
    // Characters beyond ASCII take more, and headers are not counted: a batch gets that much larger then.
    const atLeastBytes = (key === null ? 0 : key.length) + (value === null ? 0 : value.length) + recordOverheadBytes
    const { batchBytes } = this.#settings
    while (target.batch !== undefined && target.batch.sizeBytes + atLeastBytes > batchBytes) {
      this.#send(target)
      if (isKeyless) target = topic.partitions[topic.keylessPartition]!
    }
    const batch = target.batch ?? this.#begin(target)
    const before = batch.sizeBytes
    batch.append(timestampMs, key, value, headersFrom === undefined ? noHeaders : headersFrom(record))
    if (batch.sizeBytes < batchBytes) return
    if (batch.sizeBytes - before > this.#settings.requestBytesMax) {
      throw recordTooLarge(target, batch.sizeBytes - before, this.#settings.requestBytesMax)
    }
    this.#send(target)
  }

  async #writeToNewTopic(name: string, record: T): Promise<void> {
    checkTopicName(name)
    this.#topic = await this.#topics.lookUp(name)
    await this.write(record)
  }

  /** The record is written anew: nothing was, before what its formats needed was there. */
  async #writeOnceReady(record: T, notReady: FormatNotReady): Promise<void> {
    let reason = notReady
    for (let attempt = 0; attempt < preparationsMax; attempt++) {
      await reason.prepare(this.#context)
      try {
        return await this.#write(record)
      } catch (error) {
        if (!(error instanceof FormatNotReady)) {
          this.#giveUp(error)
          throw error
        }
        reason = error
      }
    }
    throw reason
  }

  /** One for all records that are written without a pause: a clock takes as long as a key, and a number of its own is garbage. */
  #readTime(): number {
    const nowMs = this.#clock.now()
    this.#writeTimeMs = nowMs
    void paused.then(this.#forgetTime)
    return nowMs
  }

  readonly #forgetTime = (): void => {
    this.#writeTimeMs = undefined
  }

  #begin(target: WritablePartition): RecordBatchBuilder {
    // Memory for those under way is left, so that there is always one that comes back.
    if (this.#filling.size >= this.#pool.batchesMax / 2) this.#send(this.#filling.values().next().value!)
    const batch = this.#pool.take()
    target.batch = batch
    target.leavesAtMs = this.#clock.monotonicMs() + this.#settings.lingerMs
    this.#filling.add(target)
    this.#cancelLinger ??= this.#clock.schedule(this.#settings.lingerMs, () => this.#sendOld())
    return batch
  }

  #send(target: WritablePartition): void {
    const { topic, partition } = target
    const batch = target.batch!
    const { recordCount } = batch
    target.batch = undefined
    this.#filling.delete(target)
    if (topic.keylessPartition === partition) topic.nextKeylessPartition()
    const sentAtMs = this.#clock.monotonicMs()
    this.#topics.refreshIfDue(sentAtMs)
    this.#mayBeFull = true
    // However long nothing pauses.
    this.#writeTimeMs = undefined
    this.#recordsSent.inc(recordCount)
    this.#bytesSent.inc(batch.sizeBytes)
    this.#producer.send(topic.name, partition, batch).then(
      () => {
        this.#pool.giveBack(batch)
        this.#sendTime.set(this.#clock.monotonicMs() - sentAtMs)
      },
      (error: unknown) => {
        this.#pool.lose()
        this.#errors.inc(recordCount)
        this.#failed(error)
      },
    )
  }

  #sendAll(): void {
    for (const target of this.#filling) this.#send(target)
  }

  /** Sends what has waited long enough, and looks again when the next has. */
  #sendOld(): void {
    this.#cancelLinger = undefined
    const now = this.#clock.monotonicMs()
    for (const target of this.#filling) {
      if (target.leavesAtMs > now) {
        this.#cancelLinger = this.#clock.schedule(target.leavesAtMs - now, () => this.#sendOld())
        return
      }
      this.#send(target)
    }
  }

  /** What it has may not stay behind what comes when it is looked up again. */
  #forget(topic: WritableTopic): void {
    for (const partition of topic.partitions) if (partition.batch !== undefined) this.#send(partition)
  }

  #whenRoom(): Promise<void> | undefined {
    const room = this.#producer.whenRoom() ?? this.#pool.whenRoom()
    this.#mayBeFull = room !== undefined
    return room
  }

  #failed(error: unknown): void {
    // Batches that fail after the first one are rejected with other reasons.
    this.#failure ??= this.#producer.failure ?? error
    this.#pool.makeRoom()
  }

  /** The job fails. What was begun for a record that cannot be written is no batch that could be sent. */
  #giveUp(error: unknown): void {
    this.#failure ??= error
    this.#cancelLinger?.()
    this.#filling.clear()
  }

  async #fail(): Promise<never> {
    throw lastingIfTooLarge(await this.#explain(this.#failure))
  }
}

function recordTooLarge({ topic, partition }: WritablePartition, bytes: number, bytesMax: number): KafkaError {
  return new KafkaError(
    'RECORD_TOO_LARGE',
    `Cannot write a record of ${bytes} bytes to topic "${topic.name}", partition ${partition}: requests have at most ${bytesMax}. ` +
      'Write smaller records, or raise requestBytesMax (max.request.size), and max.message.bytes of the topic with it.',
    { topic: topic.name, partition, bytes, bytesMax },
    { isLasting: true },
  )
}

/** It would be as large in the next attempt. */
function lastingIfTooLarge(error: unknown): unknown {
  if (!(error instanceof KafkaError) || error.code !== 'RECORD_TOO_LARGE') return error
  return new KafkaError(error.code, error.message, error.facts, { cause: error, isLasting: true })
}
