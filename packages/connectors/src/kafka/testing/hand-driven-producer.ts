import type { PartitionOffset } from '../driver/kafka-driver.ts'
import type { KafkaProducer, ProducedBatch } from '../driver/kafka-producer.ts'
import type { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import { FakeLog } from './fake-log.ts'

interface UnderWay {
  readonly sizeBytes: number
  readonly resolve: (produced: ProducedBatch) => void
  readonly reject: (error: Error) => void
}

/** A producer whose batches are acknowledged, or fail, when a test says so. */
export class HandDrivenProducer implements KafkaProducer {
  /** What was sent, in order: `topic-partition: value value`. */
  readonly sent: string[] = []
  readonly isTransactionEmpty: boolean = true
  readonly firstInTransaction: PartitionOffset | undefined
  failure: Error | undefined
  isClosed = false
  readonly #pendingBytesMax: number
  #underWay: UnderWay[] = []
  #settled = Promise.withResolvers<void>()

  constructor(pendingBytesMax: number = Number.POSITIVE_INFINITY) {
    this.#pendingBytesMax = pendingBytesMax
  }

  get pendingBytes(): number {
    return this.#underWay.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  send(topic: string, partition: number, batch: RecordBatchBuilder): Promise<ProducedBatch> {
    const sizeBytes = batch.sizeBytes
    const log = new FakeLog(topic, partition)
    const seal = { compression: 'none', producerId: -1, epoch: -1, baseSequence: -1, isTransactional: false } as const
    log.appendBatch(batch.seal(seal), undefined)
    const values = log.records('read_uncommitted').map(({ value }) => value?.toString() ?? 'null')
    this.sent.push(`${topic}-${partition}: ${values.join(' ')}`)
    const { promise, resolve, reject } = Promise.withResolvers<ProducedBatch>()
    this.#underWay.push({ sizeBytes, resolve, reject })
    return promise
  }

  /** The first `count` batches that are under way; all unless given. */
  async acknowledge(count: number = this.#underWay.length): Promise<void> {
    for (const { resolve } of this.#underWay.splice(0, count)) resolve({ baseOffset: 0 })
    await this.#tellSettled()
  }

  /** All batches under way: the first with `error` itself. */
  async fail(error: Error): Promise<void> {
    this.failure = error
    const later = new Error('An earlier batch failed', { cause: error })
    // Who fails first is not who is told first.
    for (const [i, { reject }] of [...this.#underWay.entries()].toReversed()) reject(i === 0 ? error : later)
    this.#underWay = []
    await this.#tellSettled()
  }

  whenRoom(): Promise<void> | undefined {
    return this.pendingBytes < this.#pendingBytesMax || this.failure !== undefined ? undefined : this.#settled.promise
  }

  async flush(): Promise<void> {
    while (this.#underWay.length > 0) await this.#settled.promise
    if (this.failure !== undefined) throw this.failure
  }

  beginTransaction(): void {}

  async close(): Promise<void> {
    this.isClosed = true
    await this.fail(new Error('The producer was closed'))
  }

  async #tellSettled(): Promise<void> {
    this.#settled.resolve()
    this.#settled = Promise.withResolvers()
    // Whoever waits for batches goes on.
    await new Promise((resolve) => setImmediate(resolve))
  }
}
