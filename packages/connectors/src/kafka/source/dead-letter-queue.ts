import type { Counter, MetricGroup } from '@millrace/runtime/connector'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import type { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaProducer } from '../driver/kafka-producer.ts'
import {
  type DeadLetter,
  deadLetterBatches,
  deadLetterBytes,
  deadLetterFailed,
  firstDeadLetters,
} from './dead-letter.ts'
import { type DeadLetters, deadLetterPartitions } from './dead-letters.ts'
import { splitIdOf } from './kafka-split.ts'

/** Unsettled letters go into snapshots, so this bounds them; one letter more may come on top. */
const unsettledBytesMax = 4 * 1024 * 1024

/**
 * Writes dead letters to a topic, with key, value and headers as they were, and headers that say where they stood and why they are
 * here. A letter that is not acknowledged yet is part of its split's snapshot, and written again after a restore: each comes at
 * least once, and records behind it need not wait.
 */
export class DeadLetterQueue implements DeadLetters {
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

  get isFull(): boolean {
    return this.#unsettledBytes >= unsettledBytesMax
  }

  async open(): Promise<void> {
    const driver = this.#driver()
    this.#partitionCount = await deadLetterPartitions(this.#topic, driver)
    this.#producer = driver.createProducer({ identity: await driver.initProducerId() })
    void this.#write()
  }

  put(letter: DeadLetter): void {
    this.#unsettled.push(letter)
    this.#unsettledBytes += deadLetterBytes(letter)
    if (this.#producer !== undefined) void this.#write()
  }

  finish(): void {}

  unsettledOf(splitId: string): readonly DeadLetter[] {
    if (this.isEmpty) return []
    return this.#unsettled.filter((letter) => splitIdOf(letter) === splitId)
  }

  snapshotState(): undefined {
    return undefined
  }

  async notifyCheckpointComplete(): Promise<void> {}

  async close(): Promise<void> {}

  async #write(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    try {
      while (this.#unsettled.length > 0) {
        const letters = firstDeadLetters(this.#unsettled)
        const batches = deadLetterBatches(letters, this.#partitionCount)
        await Promise.all(batches.map(([to, batch]) => this.#producer!.send(this.#topic, to, batch)))
        this.#unsettled.splice(0, letters.length)
        for (const letter of letters) this.#unsettledBytes -= deadLetterBytes(letter)
        this.#written.inc(letters.length)
        this.#onChange()
      }
    } catch (cause) {
      this.#failure = deadLetterFailed(this.#topic, this.#unsettled[0], cause)
      this.#onChange()
    }
    this.#isWriting = false
  }
}
