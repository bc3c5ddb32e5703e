import type { Clock } from '@millrace/runtime/connector'
import type { KafkaDriver, PartitionOffset } from '../../driver/kafka-driver.ts'
import { KafkaError } from '../../driver/kafka-error.ts'
import type { IsolationLevel } from '../../driver/kafka-fetcher.ts'

/**
 * `open`: it, or another of its partition that began before it, has not ended. `unknown`: the record is deleted, or compacted
 * away.
 */
export type TransactionOutcome = 'committed' | 'aborted' | 'open' | 'unknown'

interface Patience {
  readonly clock: Clock
  readonly waitMs: number
}

/**
 * What became of the transaction that wrote the record at `witness`: whether a `read_committed` reader is given that record
 * is the one answer that does not depend on what the coordinator still remembers of an id that was used again.
 */
export async function transactionOutcome(
  driver: KafkaDriver,
  witness: PartitionOffset,
  patience: Patience,
): Promise<TransactionOutcome> {
  const committed = await look(driver, witness, 'read_committed', patience)
  if (committed !== 'missing') return committed === 'found' ? 'committed' : committed
  // Compaction removes records of committed transactions, too. Only one that is still there was kept back for being aborted.
  const written = await look(driver, witness, 'read_uncommitted', patience)
  if (written === 'missing') return 'unknown'
  return written === 'found' ? 'aborted' : written
}

async function look(
  driver: KafkaDriver,
  witness: PartitionOffset,
  isolation: IsolationLevel,
  { clock, waitMs }: Patience,
): Promise<'found' | 'missing' | 'open' | 'unknown'> {
  const fetcher = driver.createFetcher({ isolation, prefetchBytesMax: 1024 * 1024 })
  let isOver = false
  const cancel = clock.schedule(waitMs, () => {
    isOver = true
    void fetcher.close()
  })
  try {
    fetcher.assign([{ ...witness, stoppingOffset: witness.offset + 1 }])
    while (!isOver) {
      if (fetcher.next()?.offset === witness.offset) return 'found'
      if (fetcher.takeEnded().length > 0) return 'missing'
      await fetcher.available()
      // Else there would be news for ever.
      if (!isOver && fetcher.progress(witness) === undefined) throw closed(witness)
    }
    return 'open'
  } catch (error) {
    const isGone =
      error instanceof KafkaError && (error.code === 'OFFSET_OUT_OF_RANGE' || error.code === 'UNKNOWN_TOPIC')
    if (isGone) return 'unknown'
    throw error
  } finally {
    cancel()
    await fetcher.close()
  }
}

function closed({ topic, partition, offset }: PartitionOffset): KafkaError {
  return new KafkaError(
    'CLOSED',
    `Cannot find out what became of the transaction with topic "${topic}", partition ${partition}, offset ${offset}: the ` +
      'connection to Kafka was closed meanwhile.',
    { topic, partition, offset },
  )
}
