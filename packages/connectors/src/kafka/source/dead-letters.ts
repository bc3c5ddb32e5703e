import type { KafkaDriver } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { PrecommittedTransaction } from '../sink/transactions/precommitted-transaction.ts'
import type { DeadLetter } from './dead-letter.ts'

/** Where a reader puts records that it cannot deserialize. */
export interface DeadLetters {
  /** What `pollNext` is to throw, once there is something. */
  readonly failure: unknown
  /** Whether nothing that was put is still to be written. */
  readonly isEmpty: boolean
  /** Then nothing is to be put until `onChange` was called. */
  readonly isFull: boolean
  /** Called once, after what was restored was put. Rejects with `UNKNOWN_TOPIC` if there is no such topic. */
  open(restored: readonly DeadLetterTransactions[]): Promise<void>
  put(letter: DeadLetter): void
  /** None will be put any more, unless splits come. Repeating it has no effect. */
  finish(): void
  /** Those of a split that belong into its snapshot. */
  unsettledOf(splitId: string): readonly DeadLetter[]
  /** What else belongs into the snapshot of that checkpoint, with one split of this reader, whichever. */
  snapshotState(checkpointId: number): DeadLetterTransactions | undefined
  /** Reading goes on, also after a snapshot: that was not the last one of a job that is stopped. */
  resume?(): void
  notifyCheckpointComplete(checkpointId: number): Promise<void>
  close(): Promise<void>
}

/** Transactions with dead letters, in snapshots. Plain data. */
export interface DeadLetterTransactions {
  /** To be committed: their letters are part of the checkpoint. */
  readonly precommitted: readonly PrecommittedTransaction[]
  /** Of `SinkTransactions`, by which what else is open is aborted. */
  readonly seats: readonly unknown[]
}

/** How many partitions the topic has: it is not created, as nobody would know of it. */
export async function deadLetterPartitions(topic: string, driver: KafkaDriver): Promise<number> {
  const [found] = await driver.topics([topic])
  if (found !== undefined) return found.partitions.length
  throw new KafkaError(
    'UNKNOWN_TOPIC',
    `Cannot write dead letters to topic "${topic}": there is none of this name, or this user may not see it. Create it.`,
    { topic },
    { isLasting: true },
  )
}
