import { ConnectionLostError } from '../connection/broker-connection.ts'
import type { TopicPartition } from '../kafka-driver.ts'
import { partitionKey } from '../partition-key.ts'
import { brokerError, brokerErrorKind } from '../protocol/broker-errors.ts'
import { type ByTopic, groupByTopic } from '../protocol/group-by-topic.ts'
import type { PartitionOutcome, WireRequest } from '../protocol/wire-request.ts'
import type { Cluster } from './cluster.ts'
import { RetriableError } from './retry.ts'

/**
 * Asks the leader of each partition, all leaders at a time, and again those that have moved, until every partition is
 * answered. The answers are in the order of `partitions`.
 */
export async function askLeaders<P extends TopicPartition, A extends PartitionOutcome>(
  cluster: Cluster,
  what: string,
  partitions: readonly P[],
  requestOf: (byTopic: ByTopic<P>) => WireRequest<readonly A[]>,
): Promise<A[]> {
  const answers = new Map<string, A>()
  const isOpen = (each: TopicPartition): boolean => !answers.has(partitionKey(each))
  await cluster.retrier.run(what, {}, async () => {
    const open = partitions.filter(isOpen)
    const leaders = await cluster.leadersOf(open)
    const byNode = Map.groupBy(open, (_, i) => leaders[i]!.nodeId)
    let again: Error | undefined
    const askOne = async (nodeId: number, group: P[]): Promise<void> => {
      try {
        for (const answer of await cluster.send(nodeId, 'control', requestOf(groupByTopic(group)))) {
          const { topic, partition, error } = answer
          if (error === 0) {
            answers.set(partitionKey(answer), answer)
            continue
          }
          const reason = brokerError(`Cannot ${what} (topic "${topic}", partition ${partition})`, error, {
            topic,
            partition,
          })
          const { remedy } = brokerErrorKind(error)
          if (remedy === 'give-up') throw reason
          if (remedy === 'find-leader') cluster.leaders.forget(answer)
          again = new RetriableError(reason)
        }
      } catch (error) {
        if (!(error instanceof ConnectionLostError)) throw error
        for (const each of group) cluster.leaders.forget(each)
        again = error
      }
    }
    await Promise.all([...byNode].map(([nodeId, group]) => askOne(nodeId, group)))
    if (again !== undefined) throw again
    const unanswered = partitions.find(isOpen)
    if (unanswered !== undefined) {
      cluster.leaders.forget(unanswered)
      throw new RetriableError(
        new Error(`the broker left out partition ${unanswered.partition} of "${unanswered.topic}"`),
      )
    }
  })
  return partitions.map((each) => answers.get(partitionKey(each))!)
}
