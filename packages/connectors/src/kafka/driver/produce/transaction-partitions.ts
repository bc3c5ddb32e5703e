import type { Cluster } from '../cluster/cluster.ts'
import type { TopicPartition, TransactionalIdentity } from '../kafka-driver.ts'
import { groupByTopic } from '../protocol/group-by-topic.ts'
import { addPartitionsRequest } from '../protocol/transaction-requests.ts'

export interface TransactionPartitionsListener {
  /** Some more may be written to. */
  added(): void
  failed(error: Error): void
}

/** Which partitions are part of the open transaction: each must be, before the first batch to it leaves. */
export class TransactionPartitions {
  readonly #cluster: Cluster
  #identity: TransactionalIdentity
  readonly #listener: TransactionPartitionsListener
  readonly #added: Set<TopicPartition> = new Set<TopicPartition>()
  #asked: Set<TopicPartition> = new Set<TopicPartition>()
  #isAdding = false
  #isClosed = false

  constructor(cluster: Cluster, identity: TransactionalIdentity, listener: TransactionPartitionsListener) {
    this.#cluster = cluster
    this.#identity = identity
    this.#listener = listener
  }

  get isEmpty(): boolean {
    return this.#added.size === 0 && this.#asked.size === 0 && !this.#isAdding
  }

  /** By identity: a producer has one object for each partition. */
  has(partition: TopicPartition): boolean {
    return this.#added.has(partition)
  }

  add(partition: TopicPartition): void {
    if (this.#added.has(partition) || this.#asked.has(partition)) return
    this.#asked.add(partition)
    // Those that come in the same turn go in one request.
    if (!this.#isAdding) queueMicrotask(() => void this.#addAsked())
  }

  /** The next transaction, of another identity if there is one. */
  begin(identity: TransactionalIdentity = this.#identity): void {
    this.#identity = identity
    this.#added.clear()
    this.#asked.clear()
  }

  close(): void {
    this.#isClosed = true
  }

  async #addAsked(): Promise<void> {
    if (this.#isAdding || this.#isClosed) return
    this.#isAdding = true
    try {
      while (this.#asked.size > 0) {
        const partitions = this.#asked
        this.#asked = new Set()
        const byTopic = groupByTopic(partitions)
        const names = byTopic.map(([topic, each]): [string, number[]] => [
          topic,
          each.map(({ partition }) => partition),
        ])
        const { transactionalId, producerId, epoch } = this.#identity
        await this.#cluster.sendToCoordinator(
          'transaction',
          transactionalId,
          `add partitions of ${names.map(([topic]) => `"${topic}"`).join(', ')} to the transaction of "${transactionalId}"`,
          { transactionalId, producerId, epoch },
          addPartitionsRequest(this.#identity, names),
          worstError,
        )
        for (const partition of partitions) this.#added.add(partition)
        if (!this.#isClosed) this.#listener.added()
      }
    } catch (error) {
      if (!this.#isClosed) this.#listener.failed(error as Error)
    } finally {
      this.#isAdding = false
    }
  }
}

/** With one partition refused, the broker answers for the others that they were not attempted. */
function worstError(answers: readonly { readonly error: number }[]): number {
  const notAttempted = 55
  const errors = answers.map(({ error }) => error).filter((error) => error !== 0)
  return errors.find((error) => error !== notAttempted) ?? errors[0] ?? 0
}
