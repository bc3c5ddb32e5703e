import { KafkaWriter, type KafkaWriterParts } from './kafka-writer.ts'
import type { PrecommittedTransaction } from './transactions/precommitted-transaction.ts'
import type { SinkTransactions } from './transactions/sink-transactions.ts'

/** Writes to one transaction after the other; each belongs to a checkpoint. */
export class ExactlyOnceKafkaWriter<T> extends KafkaWriter<T> {
  readonly #transactions: SinkTransactions

  constructor(parts: Omit<KafkaWriterParts<T>, 'close' | 'explain'>, transactions: SinkTransactions) {
    super({ ...parts, close: () => transactions.abort(), explain: (error) => transactions.explain(error) })
    this.#transactions = transactions
  }

  prepareCommit(): Promise<readonly PrecommittedTransaction[]> {
    return this.#transactions.prepareCommit()
  }

  snapshotState(): readonly unknown[] {
    return this.#transactions.snapshotState()
  }
}
