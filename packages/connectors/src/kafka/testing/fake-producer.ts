import type { PartitionOffset, TransactionalIdentity } from '../driver/kafka-driver.ts'
import type { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaProducer, ProducedBatch, ProducerIdentity, ProducerOptions } from '../driver/kafka-producer.ts'
import type { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import type { FakeKafka } from './fake-kafka.ts'

/** Writes into the logs of a fake cluster; acknowledgements come one turn of the microtasks later. */
export class FakeProducer implements KafkaProducer {
  pendingBytes = 0
  failure: Error | undefined
  isTransactionEmpty = true
  firstInTransaction: PartitionOffset | undefined
  readonly #kafka: FakeKafka
  readonly #options: ProducerOptions
  #identity: ProducerIdentity | undefined
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(kafka: FakeKafka, options: ProducerOptions = {}) {
    this.#kafka = kafka
    this.#options = options
    this.#identity = options.identity
  }

  send(topic: string, partition: number, builder: RecordBatchBuilder): Promise<ProducedBatch> {
    const { compression = 'none' } = this.#options
    const identity = this.#identity
    this.isTransactionEmpty = false
    const bytes = builder.seal({
      compression,
      producerId: identity?.producerId ?? -1,
      epoch: identity?.epoch ?? -1,
      baseSequence: identity === undefined ? -1 : 0,
      isTransactional: identity?.transactionalId !== undefined,
    })
    this.pendingBytes += bytes.length
    const written = this.#write(topic, partition, bytes)
    this.#underWay.add(written)
    written
      .catch((error: KafkaError) => {
        this.failure ??= error
      })
      .finally(() => {
        this.pendingBytes -= bytes.length
        this.#underWay.delete(written)
      })
    return written
  }

  whenRoom(): Promise<void> | undefined {
    const isFull = this.pendingBytes >= (this.#options.pendingBytesMax ?? 32 * 1024 * 1024)
    return isFull ? Promise.allSettled([...this.#underWay]).then(() => {}) : undefined
  }

  async flush(): Promise<void> {
    await Promise.allSettled([...this.#underWay])
    if (this.failure !== undefined) throw this.failure
  }

  beginTransaction(identity?: TransactionalIdentity): void {
    this.isTransactionEmpty = true
    this.firstInTransaction = undefined
    this.#identity = identity ?? this.#identity
  }

  async close(): Promise<void> {}

  async #write(topic: string, partition: number, bytes: Buffer): Promise<ProducedBatch> {
    await Promise.resolve()
    if (this.failure !== undefined) throw this.failure
    const offset = this.#kafka.produce(topic, partition, bytes, this.#identity)
    this.firstInTransaction ??= { topic, partition, offset }
    return { baseOffset: offset }
  }
}
