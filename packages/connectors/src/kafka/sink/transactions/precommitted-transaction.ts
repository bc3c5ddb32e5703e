import type { PartitionOffset, TransactionalIdentity } from '../../driver/kafka-driver.ts'

/** All of a transaction is written, and it is to be committed when its checkpoint is complete. Plain data: it lies in there. */
export interface PrecommittedTransaction extends TransactionalIdentity {
  /** Counts the transactions of one writer, from 1. */
  readonly number: number
  /** One of its records: by it, everybody can see what became of the transaction. Undefined if no offset is known. */
  readonly witness: PartitionOffset | undefined
  readonly precommittedAtMs: number
  readonly timeoutMs: number
}
