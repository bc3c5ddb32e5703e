import { type Counter, type MetricGroup, preview } from '@millrace/runtime/connector'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaProducer } from '../driver/kafka-producer.ts'
import { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import type { RecordHeader } from '../driver/record-batch/record-header.ts'
import type { ConsumerRecord } from '../formats/deserializer.ts'
import { messageOf } from '../message-of.ts'
import { splitIdOf } from './kafka-split.ts'

/** Unsettled letters go into snapshots, so this bounds them; one letter more may come on top. */
const unsettledBytesMax = 4 * 1024 * 1024
/** Of one batch: brokers take 1 MiB unless they are told otherwise. */
const batchBytesMax = 512 * 1024
/** What a letter takes beside key and value: about its headers. */
const letterBytes = 300
const errorCharactersMax = 1_000

/** A record that could not be deserialized. Plain data: it lies in snapshots until it is acknowledged. */
export interface DeadLetter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[]
  readonly error: string
}

/** A copy of `record`, whose memory the fetcher uses again. */
export function deadLetterOf(record: ConsumerRecord, cause: unknown): DeadLetter {
  const { topic, partition, offset, timestampMs } = record
  const error = messageOf(cause)
  return {
    ...{ topic, partition, offset, timestampMs },
    key: copied(record.key()),
    value: copied(record.value()),
    headers: record.headers().map(({ key, value }) => ({ key, value: copied(value) })),
    error: preview(error, errorCharactersMax),
  }
}

/**
 * Writes dead letters to a topic, with key, value and headers as they were, and headers that say where they stood and why they are
 * here. A letter that is not acknowledged yet is part of its split's snapshot, and written again after a restore: each comes at
 * least once, and records behind it need not wait.
 */
export class DeadLetterQueue {
  readonly #topic: string
  readonly #driver: () => KafkaDriver
  readonly #onChange: () => void
  readonly #written: Counter
  /** In the order of `put`; the first ones are under way. */
  #unsettled: DeadLetter[] = []
  #unsettledBytes = 0
  #partitionCount = 0
  #producer: KafkaProducer | undefined
  #isWriting = false
  #failure: KafkaError | undefined

  /** `onChange` is called when letters were acknowledged, or could not be written. */
  constructor(topic: string, driver: () => KafkaDriver, metrics: MetricGroup, onChange: () => void) {
    this.#topic = topic
    this.#driver = driver
    this.#onChange = onChange
    this.#written = metrics.counter('deadLettersWritten')
  }

  get failure(): KafkaError | undefined {
    return this.#failure
  }

  get isEmpty(): boolean {
    return this.#unsettled.length === 0
  }

  /** Then nothing is to be put until `onChange` is called. */
  get isFull(): boolean {
    return this.#unsettledBytes >= unsettledBytesMax
  }

  /** Rejects with `UNKNOWN_TOPIC` if there is no such topic: it is not created, as nobody would know of it. */
  async open(): Promise<void> {
    const [found] = await this.#driver().topics([this.#topic])
    if (found === undefined) {
      throw new KafkaError(
        'UNKNOWN_TOPIC',
        `Cannot write dead letters to topic "${this.#topic}": there is none of this name, or this user may not see it. Create it.`,
        { topic: this.#topic },
      )
    }
    this.#partitionCount = found.partitions.length
    this.#producer = this.#driver().createProducer({ identity: await this.#driver().initProducerId() })
    void this.#write()
  }

  put(letter: DeadLetter): void {
    this.#unsettled.push(letter)
    this.#unsettledBytes += bytesOf(letter)
    if (this.#producer !== undefined) void this.#write()
  }

  /** Those of a split that are not acknowledged. */
  unsettledOf(splitId: string): readonly DeadLetter[] {
    if (this.isEmpty) return []
    return this.#unsettled.filter((letter) => splitIdOf(letter) === splitId)
  }

  async #write(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    try {
      while (this.#unsettled.length > 0) {
        const letters = this.#nextLetters()
        await Promise.all(this.#batches(letters).map(([to, batch]) => this.#producer!.send(this.#topic, to, batch)))
        this.#unsettled.splice(0, letters.length)
        for (const letter of letters) this.#unsettledBytes -= bytesOf(letter)
        this.#written.inc(letters.length)
        this.#onChange()
      }
    } catch (cause) {
      const { topic, partition, offset } = this.#unsettled[0]!
      this.#failure = new KafkaError(
        'DEAD_LETTER_FAILED',
        `Cannot write dead letters to topic "${this.#topic}", from that of offset ${offset} of topic "${topic}", partition ` +
          `${partition} on: ${(cause as Error).message}`,
        { deadLetterTopic: this.#topic, topic, partition, offset },
        { cause },
      )
      this.#onChange()
    }
    this.#isWriting = false
  }

  #nextLetters(): readonly DeadLetter[] {
    let bytes = 0
    const end = this.#unsettled.findIndex((letter, i) => {
      bytes += bytesOf(letter)
      return i > 0 && bytes > batchBytesMax
    })
    return this.#unsettled.slice(0, end === -1 ? undefined : end)
  }

  /** Letters of one partition stay in one, in their order. */
  #batches(letters: readonly DeadLetter[]): readonly [number, RecordBatchBuilder][] {
    const batches = new Map<number, RecordBatchBuilder>()
    for (const letter of letters) {
      const to = letter.partition % this.#partitionCount
      const batch = batches.get(to) ?? new RecordBatchBuilder()
      batches.set(to, batch)
      batch.append(letter.timestampMs, letter.key, letter.value, headersOf(letter))
    }
    return [...batches]
  }
}

function headersOf({ headers, topic, partition, offset, error }: DeadLetter): readonly RecordHeader[] {
  const facts = { topic, partition, offset, error }
  return [
    ...headers.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) })),
    ...Object.entries(facts).map(([key, value]) => ({ key: `deadLetter.${key}`, value: Buffer.from(String(value)) })),
  ]
}

function bytesOf({ key, value }: DeadLetter): number {
  return letterBytes + (key?.length ?? 0) + (value?.length ?? 0)
}

function copied(bytes: Buffer | null): Uint8Array | null {
  return bytes === null ? null : new Uint8Array(bytes)
}
