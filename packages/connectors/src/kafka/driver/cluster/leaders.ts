import type { TopicPartition } from '../kafka-driver.ts'
import type { TopicAnswer } from '../protocol/metadata-request.ts'

export interface PartitionLeader {
  readonly nodeId: number
  /** -1 if the broker is too old to have it. */
  readonly epoch: number
}

/**
 * Which broker leads which partition, as metadata have told at last. A partial answer (a topic or a partition with an error,
 * or missing while brokers start) never removes what is known; who finds a leader wrong forgets it.
 */
export class Leaders {
  readonly #topics: Map<string, Map<number, PartitionLeader | undefined>> = new Map<
    string,
    Map<number, PartitionLeader | undefined>
  >()

  get({ topic, partition }: TopicPartition): PartitionLeader | undefined {
    return this.#topics.get(topic)?.get(partition)
  }

  /** Whether metadata have ever named the partition, with or without a leader. */
  exists({ topic, partition }: TopicPartition): boolean {
    return this.#topics.get(topic)?.has(partition) ?? false
  }

  forget({ topic, partition }: TopicPartition): void {
    const partitions = this.#topics.get(topic)
    if (partitions?.has(partition)) partitions.set(partition, undefined)
  }

  update({ topic, error, partitions }: TopicAnswer): void {
    if (error !== 0) return
    let known = this.#topics.get(topic)
    if (known === undefined) {
      known = new Map()
      this.#topics.set(topic, known)
    }
    for (const { partition, leader, leaderEpoch } of partitions) {
      const before = known.get(partition)
      if (leader < 0) known.set(partition, before)
      // A broker that lags behind may still tell the leader before.
      else if (before === undefined || leaderEpoch >= before.epoch)
        known.set(partition, { nodeId: leader, epoch: leaderEpoch })
    }
  }
}
