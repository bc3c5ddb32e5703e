import type { KafkaDriver, TransactionalIdentity } from '../../driver/kafka-driver.ts'
import { KafkaError } from '../../driver/kafka-error.ts'

/** Transactions of one writer that wait for their checkpoint. More mean that checkpoints do not complete, and none will. */
const precommittedMax = 100

interface Pending {
  /** The number of the last snapshot that has it among its committables. */
  lastSnapshot: number
  isCommitted: boolean
}

export interface TransactionPoolParts {
  readonly driver: KafkaDriver
  /** The id with that number of this writer. */
  readonly transactionalId: (number: number) => string
  readonly timeoutMs: number
}

/**
 * The transactional ids of one writer: one is written to, others wait for their checkpoint, and one is ready for the next
 * transaction, so that a barrier waits for no broker.
 *
 * An id is used again, with a new epoch, only when a checkpoint is complete whose committables it is not among: to repeat a
 * commit after a restore could otherwise commit the newer transaction of the id. That makes four ids where checkpoints are
 * committed before the next one begins.
 */
export class TransactionPool {
  readonly #parts: TransactionPoolParts
  readonly #pending = new Map<string, Pending>()
  /** Ended and free to be used again. */
  readonly #free: string[] = []
  readonly #created = new Set<string>()
  #snapshots = 0
  #ready: Promise<TransactionalIdentity> | undefined

  constructor(parts: TransactionPoolParts) {
    this.#parts = parts
  }

  /** Whether it is one of this pool: taken over from whoever had it before, or about to be. */
  has(transactionalId: string): boolean {
    return this.#created.has(transactionalId)
  }

  /** An identity that nobody has used, with a new epoch. After a rejection the next call tries again. */
  async take(): Promise<TransactionalIdentity> {
    const ready = this.#ready ?? this.#initialize()
    this.#ready = undefined
    const identity = await ready
    this.#prepareNext()
    return identity
  }

  /**
   * A snapshot is about to be taken, with `written` among its committables unless nothing was written. Answers its number.
   *
   * @throws KafkaError `TOO_MANY_OPEN_TRANSACTIONS`
   */
  precommit(written: TransactionalIdentity | undefined): number {
    this.#snapshots++
    if (written !== undefined) this.#pending.set(written.transactionalId, { lastSnapshot: 0, isCommitted: false })
    let count = 0
    for (const pending of this.#pending.values()) {
      if (pending.isCommitted) continue
      pending.lastSnapshot = this.#snapshots
      count++
    }
    if (count > precommittedMax) throw tooMany(count)
    return this.#snapshots
  }

  /** The snapshot with that number belongs to a complete checkpoint: no earlier one will be restored. */
  completed(snapshot: number): void {
    for (const [transactionalId, { isCommitted, lastSnapshot }] of this.#pending) {
      if (!isCommitted || lastSnapshot >= snapshot) continue
      this.#pending.delete(transactionalId)
      this.#free.push(transactionalId)
    }
  }

  committed(transactionalId: string): void {
    const pending = this.#pending.get(transactionalId)
    if (pending !== undefined) pending.isCommitted = true
  }

  /** Those that are precommitted, and not known to be committed. */
  precommitted(): readonly string[] {
    return [...this.#pending].filter(([, { isCommitted }]) => !isCommitted).map(([transactionalId]) => transactionalId)
  }

  #prepareNext(): void {
    if (this.#ready !== undefined) return
    const ready = this.#initialize()
    this.#ready = ready
    // Whoever takes it is told. One that failed is not kept.
    ready.catch(() => {
      if (this.#ready === ready) this.#ready = undefined
    })
  }

  #create(): string {
    const transactionalId = this.#parts.transactionalId(this.#created.size)
    this.#created.add(transactionalId)
    return transactionalId
  }

  async #initialize(): Promise<TransactionalIdentity> {
    const { driver, timeoutMs } = this.#parts
    const transactionalId = this.#free.shift() ?? this.#create()
    try {
      return { transactionalId, ...(await driver.initProducerId(transactionalId, timeoutMs)) }
    } catch (error) {
      this.#free.unshift(transactionalId)
      throw error
    }
  }
}

function tooMany(count: number): KafkaError {
  return new KafkaError(
    'TOO_MANY_OPEN_TRANSACTIONS',
    `Cannot begin another transaction: ${count} wait for a checkpoint to complete, or for their commit. See why checkpoints do ` +
      'not complete, or make them rarer (execution.checkpointing.interval).',
    { count },
  )
}
