import type { TopicPartition } from './kafka-driver.ts'

/** One text for each partition, for maps. Topics have no blanks in their names. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic} ${partition}`
}
