import type { TransactionalIdentity, TransactionDescription, TransactionListing } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { ProducerIdentity } from '../driver/kafka-producer.ts'
import type { FakeKafka } from './fake-kafka.ts'
import type { FakeTransaction } from './fake-log.ts'

const timeoutMsMax = 900_000

interface FakeTransactionalId {
  readonly transactionalId: string
  readonly producerId: number
  readonly timeoutMs: number
  epoch: number
  /** The last one of this epoch, open or ended. */
  last: FakeTransaction | undefined
}

/** The transaction coordinator of a fake cluster. */
export class FakeTransactions {
  readonly #kafka: FakeKafka
  readonly #ids = new Map<string, FakeTransactionalId>()
  #nextProducerId = 1_000

  constructor(kafka: FakeKafka) {
    this.#kafka = kafka
  }

  initProducerId(transactionalId: string | undefined, timeoutMs: number): ProducerIdentity {
    if (transactionalId === undefined) return { producerId: this.#nextProducerId++, epoch: 0 }
    if (timeoutMs > timeoutMsMax) {
      throw new KafkaError(
        'TRANSACTION_TIMEOUT_REFUSED',
        `Transaction timeout ${timeoutMs} ms is above the maximum of ${timeoutMsMax} ms`,
        { transactionalId, timeoutMs },
      )
    }
    const known = this.#ids.get(transactionalId)
    if (known?.last?.state === 'open') this.#finish(known.last, 'aborted')
    const producerId = known?.producerId ?? this.#nextProducerId++
    const epoch = known === undefined ? 0 : known.epoch + 1
    this.#ids.set(transactionalId, { transactionalId, producerId, timeoutMs, epoch, last: undefined })
    return { transactionalId, producerId, epoch }
  }

  /** The transaction that a batch of `identity` belongs to, opened if need be. Refuses producers that were fenced. */
  of(identity: ProducerIdentity | undefined): FakeTransaction | undefined {
    if (identity?.transactionalId === undefined) return undefined
    const { transactionalId, producerId, epoch } = identity
    const id = this.#current({ transactionalId, producerId, epoch }, 'write in a transaction of')
    if (id.last?.state !== 'open') {
      id.last = { transactionalId, producerId, epoch, startedAtMs: this.#kafka.nowMs, state: 'open' }
    }
    return id.last
  }

  end(identity: TransactionalIdentity, outcome: 'commit' | 'abort'): void {
    const { last } = this.#current(identity, `${outcome} the transaction of`)
    const state = outcome === 'commit' ? 'committed' : 'aborted'
    if (last?.state === state) return
    if (last?.state !== 'open') {
      throw new KafkaError(
        'INVALID_TRANSACTION_STATE',
        `Cannot ${outcome} the transaction of "${identity.transactionalId}": it is ${last?.state ?? 'empty'}`,
        { ...identity },
      )
    }
    this.#finish(last, state)
  }

  /** As the broker does when the timeout of the transaction is over: it aborts, and raises the epoch. */
  expire(transactionalId: string): void {
    const id = this.#ids.get(transactionalId)
    if (id?.last?.state !== 'open') return
    this.#finish(id.last, 'aborted')
    id.epoch++
  }

  /** As the broker does with an id that nobody has used for days (`transactional.id.expiration.ms`). */
  forget(transactionalId: string): void {
    this.#ids.delete(transactionalId)
  }

  list(prefix: string): readonly TransactionListing[] {
    return [...this.#ids.values()]
      .filter(({ transactionalId, last }) => transactionalId.startsWith(prefix) && last !== undefined)
      .map((id) => listing(id))
  }

  describe(transactionalIds: readonly string[]): readonly TransactionDescription[] {
    return transactionalIds.flatMap((transactionalId) => {
      const id = this.#ids.get(transactionalId)
      if (id === undefined) return []
      const { epoch, timeoutMs, last } = id
      const isOpen = last?.state === 'open'
      const partitions = this.#kafka
        .allLogs()
        .filter(
          (log) => isOpen && log.records('read_uncommitted').some(({ offset }) => log.at(offset)?.transaction === last),
        )
        .map(({ topic, partition }) => ({ topic, partition }))
      return [{ ...listing(id), epoch, timeoutMs, startedAtMs: isOpen ? last.startedAtMs : undefined, partitions }]
    })
  }

  #finish(transaction: FakeTransaction, state: 'committed' | 'aborted'): void {
    transaction.state = state
    for (const log of this.#kafka.allLogs()) log.endTransaction(transaction, this.#kafka.nowMs)
    this.#kafka.wake()
  }

  #current({ transactionalId, producerId, epoch }: TransactionalIdentity, attempt: string): FakeTransactionalId {
    const id = this.#ids.get(transactionalId)
    if (id !== undefined && id.producerId === producerId && id.epoch === epoch) return id
    throw new KafkaError(
      'PRODUCER_FENCED',
      `Cannot ${attempt} "${transactionalId}" at epoch ${epoch}: the epoch is ${id?.epoch ?? 'not known'}`,
      { transactionalId, producerId, epoch },
    )
  }
}

function listing({ transactionalId, producerId, last }: FakeTransactionalId): TransactionListing {
  const state = last === undefined ? 'Empty' : last.state === 'open' ? 'Ongoing' : completed(last)
  return { transactionalId, producerId, state }
}

function completed({ state }: FakeTransaction): 'CompleteCommit' | 'CompleteAbort' {
  return state === 'committed' ? 'CompleteCommit' : 'CompleteAbort'
}
