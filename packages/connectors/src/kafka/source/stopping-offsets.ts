import type { PartitionOffset, TopicPartition } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import { splitIdOf } from './kafka-split.ts'
import { bySplit, committedOffsets, type OffsetLookup, type OffsetsBySplit } from './starting-offsets.ts'

/**
 * Where reading ends, looked up when the job starts, or a partition is found; the record at that offset is not read:
 *
 * - `latest`: what is there by then; `committed`: where the group stands by then;
 * - `timestampMs`: the first record that is not older;
 * - `offsets`: the offset of each partition; those that are not named end at `orElse`, without which they fail the job.
 */
export type StoppingOffsets =
  | 'latest'
  | 'committed'
  | { readonly timestampMs: number }
  | { readonly offsets: readonly PartitionOffset[]; readonly orElse?: 'latest' }

/** The offset before which each of `partitions` ends. */
export async function resolveStoppingOffsets(
  partitions: readonly TopicPartition[],
  until: StoppingOffsets,
  lookup: OffsetLookup,
): Promise<OffsetsBySplit> {
  const { driver, isolation } = lookup
  if (until === 'committed') return committedOffsets(partitions, lookup)
  if (until === 'latest' || 'timestampMs' in until) {
    return bySplit(await driver.listOffsets(partitions, until, isolation))
  }
  const known = bySplit(until.offsets)
  const others = partitions.filter((partition) => !known.has(splitIdOf(partition)))
  const [missing] = others
  if (missing === undefined) return known
  if (until.orElse === undefined) {
    const { topic, partition } = missing
    throw new KafkaError(
      'NO_STOPPING_OFFSET',
      `Cannot tell where to stop in topic "${topic}", partition ${partition}: the stopping offsets do not name it. ` +
        "Name it, or pass orElse: 'latest' beside them.",
      { topic, partition },
      { isLasting: true },
    )
  }
  return new Map([...known, ...bySplit(await driver.listOffsets(others, until.orElse, isolation))])
}
