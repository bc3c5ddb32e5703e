import type { KafkaDriver, PartitionOffset, TopicPartition } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import type { IsolationLevel } from '../driver/kafka-fetcher.ts'
import { splitIdOf } from './kafka-split.ts'

/**
 * Where a job that starts without a snapshot begins to read:
 *
 * - `earliest`: the first record that is there; `latest`: what is written from now on;
 * - `committed`: where the group left off; a partition without a committed offset fails the job, or starts at `committedOrElse`;
 * - `timestampMs`: the first record that is not older;
 * - `offsets`: the offset of each partition; those that are not named start at `orElse` (default `earliest`).
 */
export type StartingOffsets =
  | 'earliest'
  | 'latest'
  | 'committed'
  | { readonly committedOrElse: 'earliest' | 'latest' }
  | { readonly timestampMs: number }
  | { readonly offsets: readonly PartitionOffset[]; readonly orElse?: 'earliest' | 'latest' }

/** What it takes to look offsets up. */
export interface OffsetLookup {
  readonly driver: KafkaDriver
  readonly groupId: string | undefined
  readonly isolation: IsolationLevel
}

/** Offsets by `splitIdOf`. */
export type OffsetsBySplit = ReadonlyMap<string, number>

/** The offset at which each of `partitions` starts. */
export async function resolveStartingOffsets(
  partitions: readonly TopicPartition[],
  from: StartingOffsets,
  lookup: OffsetLookup,
): Promise<OffsetsBySplit> {
  const { driver, isolation } = lookup
  if (from === 'earliest' || from === 'latest') return bySplit(await driver.listOffsets(partitions, from, isolation))
  if (from === 'committed') return committedOffsets(partitions, lookup)
  if ('timestampMs' in from) return bySplit(await driver.listOffsets(partitions, from, isolation))
  const known =
    'offsets' in from
      ? bySplit(from.offsets)
      : bySplit(await driver.fetchCommittedOffsets(lookup.groupId ?? '', partitions))
  const others = partitions.filter((partition) => !known.has(splitIdOf(partition)))
  if (others.length === 0) return known
  const orElse = 'offsets' in from ? (from.orElse ?? 'earliest') : from.committedOrElse
  return new Map([...known, ...bySplit(await driver.listOffsets(others, orElse, isolation))])
}

/** What the group has committed for every one of `partitions`. */
export async function committedOffsets(
  partitions: readonly TopicPartition[],
  { driver, groupId = '' }: OffsetLookup,
): Promise<OffsetsBySplit> {
  const committed = bySplit(await driver.fetchCommittedOffsets(groupId, partitions))
  const missing = partitions.find((partition) => !committed.has(splitIdOf(partition)))
  if (missing === undefined) return committed
  const { topic, partition } = missing
  throw new KafkaError(
    'NO_COMMITTED_OFFSET',
    `Cannot find the committed offset of group "${groupId}" for topic "${topic}", partition ${partition}: there is none. ` +
      "Check the group's id, or say where to start without one: { committedOrElse: 'earliest' }.",
    { groupId, topic, partition },
    { isLasting: true },
  )
}

export function bySplit(offsets: readonly PartitionOffset[]): Map<string, number> {
  return new Map(offsets.map((offset) => [splitIdOf(offset), offset.offset]))
}
