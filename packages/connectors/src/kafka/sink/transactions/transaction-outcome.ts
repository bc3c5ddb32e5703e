import type { Clock } from '@millrace/runtime/connector'
import type { KafkaDriver, PartitionOffset } from '../../driver/kafka-driver.ts'
import { KafkaError } from '../../driver/kafka-error.ts'

/** `open`: it, or another of its partition that began before it, has not ended. `unknown`: the record is deleted. */
export type TransactionOutcome = 'committed' | 'aborted' | 'open' | 'unknown'

/**
 * What became of the transaction that wrote the record at `witness`: whether a `read_committed` reader is given that record
 * is the one answer that does not depend on what the coordinator still remembers of an id that was used again.
 */
export async function transactionOutcome(
  driver: KafkaDriver,
  witness: PartitionOffset,
  { clock, waitMs }: { readonly clock: Clock; readonly waitMs: number },
): Promise<TransactionOutcome> {
  const fetcher = driver.createFetcher({ isolation: 'read_committed', prefetchBytesMax: 1024 * 1024 })
  let isOver = false
  const cancel = clock.schedule(waitMs, () => {
    isOver = true
    void fetcher.close()
  })
  try {
    fetcher.assign([{ ...witness, stoppingOffset: witness.offset + 1 }])
    while (!isOver) {
      if (fetcher.next()?.offset === witness.offset) return 'committed'
      if (fetcher.takeEnded().length > 0) return 'aborted'
      await fetcher.available()
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
