import type { KafkaError } from '../driver/kafka-error.ts'
import type { KafkaProducer, ProducedBatch, ProducerOptions } from '../driver/kafka-producer.ts'
import type { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import type { FakeKafka } from './fake-kafka.ts'

/** Writes into the logs of a fake cluster; acknowledgements come one turn of the microtasks later. */
export class FakeProducer implements KafkaProducer {
  pendingBytes = 0
  failure: Error | undefined
  isTransactionEmpty = true
  readonly #kafka: FakeKafka
  readonly #options: ProducerOptions
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(kafka: FakeKafka, options: ProducerOptions = {}) {
    this.#kafka = kafka
    this.#options = options
  }

  send(topic: string, partition: number, builder: RecordBatchBuilder): Promise<ProducedBatch> {
    const { identity, compression = 'none' } = this.#options
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

  beginTransaction(): void {
    this.isTransactionEmpty = true
  }

  async close(): Promise<void> {}

  async #write(topic: string, partition: number, bytes: Buffer): Promise<ProducedBatch> {
    await Promise.resolve()
    if (this.failure !== undefined) throw this.failure
    return { baseOffset: this.#kafka.produce(topic, partition, bytes, this.#options.identity) }
  }
}
