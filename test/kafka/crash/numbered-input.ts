import type { KafkaDriver } from '../../../packages/connectors/src/kafka/driver/kafka-driver.ts'
import type { KafkaProducer } from '../../../packages/connectors/src/kafka/driver/kafka-producer.ts'
import { RecordBatchBuilder } from '../../../packages/connectors/src/kafka/driver/record-batch/record-batch-builder.ts'

/** What is written: each key belongs to one partition, and its values are 1, 2, 3 ... */
export interface InputShape {
  readonly partitions: number
  readonly keysPerPartition: number
  readonly recordsPerKey: number
}

const tickMs = 25
/** Of what it may write, so much goes out in a tick, so that something is written whenever a run is killed. */
const shareOfTick = 0.04
/** Beyond what it may write, it goes on with one record at a time in each partition: no run waits in vain for its end. */
const idleTicks = 8

/** The records of one partition. */
export function recordsPerPartition({ keysPerPartition, recordsPerKey }: InputShape): number {
  return keysPerPartition * recordsPerKey
}

/** The records of all. */
export function recordCount(shape: InputShape): number {
  return shape.partitions * recordsPerPartition(shape)
}

/** The key of record `index` of a partition. */
export function keyOf(shape: InputShape, partition: number, index: number): string {
  return `key-${String(partition + shape.partitions * (index % shape.keysPerPartition)).padStart(4, '0')}`
}

/**
 * Writes numbered records of many keys to a topic while jobs that read it are killed, each exactly once (by an idempotent
 * producer, through the loss of brokers), at a pace that follows the test and not the clock.
 */
export class NumberedInput {
  readonly #driver: KafkaDriver
  readonly #topic: string
  readonly #shape: InputShape
  #released = 0
  #written = 0
  #isStopped = false
  readonly #done: Promise<void>
  #failure: unknown

  constructor(driver: KafkaDriver, topic: string, shape: InputShape) {
    this.#driver = driver
    this.#topic = topic
    this.#shape = shape
    this.#done = this.#write()
    this.#done.catch((error: unknown) => {
      this.#failure = error
    })
  }

  /** Lets it go on to this share of all, from 0 to 1. With 1 it writes what is left at once. */
  release(share: number): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#released = Math.floor(recordsPerPartition(this.#shape) * share)
  }

  /** Resolves when all is written and acknowledged. */
  async finish(): Promise<void> {
    this.release(1)
    await this.#done
  }

  /** Ends it whatever the state. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#done.catch(() => {})
  }

  async #write(): Promise<void> {
    const producer = this.#driver.createProducer({ identity: await this.#driver.initProducerId() })
    const all = recordsPerPartition(this.#shape)
    try {
      for (let tick = 0; this.#written < all && !this.#isStopped; tick++) {
        const left = Math.min(all, this.#released) - this.#written
        const isFinal = this.#released >= all
        if (isFinal) this.#send(producer, Math.min(left, 2_000))
        else if (left > 0) this.#send(producer, Math.ceil(left * shareOfTick))
        else if (tick % idleTicks === 0) this.#send(producer, 1)
        await producer.whenRoom()
        if (producer.failure !== undefined) throw producer.failure
        if (!isFinal) await new Promise((resolve) => setTimeout(resolve, tickMs))
      }
      await producer.flush()
    } finally {
      await producer.close()
    }
  }

  /** The next `count` records of each partition; every third goes on at twice the pace, and is read to its end early. */
  #send(producer: KafkaProducer, count: number): void {
    const { partitions, keysPerPartition } = this.#shape
    const all = recordsPerPartition(this.#shape)
    for (let partition = 0; partition < partitions; partition++) {
      const pace = partition % 3 === 0 ? 2 : 1
      const end = Math.min(all, pace * (this.#written + count))
      const batch = new RecordBatchBuilder()
      for (let index = pace * this.#written; index < end; index++) {
        const number = Math.floor(index / keysPerPartition) + 1
        batch.append(Date.now(), keyOf(this.#shape, partition, index), String(number))
      }
      // A failure is the producer's, which is asked.
      if (batch.recordCount > 0) producer.send(this.#topic, partition, batch).catch(() => {})
    }
    this.#written += count
  }
}
