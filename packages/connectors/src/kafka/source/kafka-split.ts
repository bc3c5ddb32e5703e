import type { SourceSplit } from '@millrace/runtime/connector'
import type { TopicPartition } from '../driver/kafka-driver.ts'
import type { DeadLetter } from './dead-letter.ts'
import type { DeadLetterTransactions } from './dead-letters.ts'

/** A partition, and what of it is to be read. Plain data: it crosses threads, and lies in snapshots. */
export interface KafkaSplit extends SourceSplit, TopicPartition {
  /** Of the next record to read. */
  readonly offset: number
  /** Reading ends before this offset; undefined: never. */
  readonly stoppingOffset?: number
  /** In snapshots: records before `offset` that are still to be written to the topic of dead letters. */
  readonly deadLetters?: readonly DeadLetter[]
  /** In snapshots, with one split of a reader: its transactions of dead letters, of all its splits. */
  readonly deadLetterTransactions?: DeadLetterTransactions
}

/** `orders-3`, as Kafka itself writes it. */
export function splitIdOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/**
 * The subtask that a partition belongs to: partitions of a topic go round the subtasks, from one that the topic's name
 * chooses, so that several topics of few partitions do not all end up at the first subtasks.
 */
export function splitOwner({ topic, partition }: TopicPartition, parallelism: number): number {
  const start = (Math.imul(hashOf(topic), 31) & 0x7fff_ffff) % parallelism
  return (start + partition) % parallelism
}

/** Java's hash of a string, which Flink uses here. */
function hashOf(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
