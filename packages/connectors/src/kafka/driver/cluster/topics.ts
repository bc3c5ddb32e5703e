import type { TopicMetadata } from '../kafka-driver.ts'
import { brokerError, brokerErrorKind, brokerErrors } from '../protocol/broker-errors.ts'
import type { TopicAnswer } from '../protocol/metadata-request.ts'
import type { Cluster } from './cluster.ts'
import { RetriableError } from './retry.ts'

/** Those of `names` that are there. */
export function findTopics(cluster: Cluster, names: readonly string[]): Promise<readonly TopicMetadata[]> {
  const what = `look up topics ${names.map((name) => `"${name}"`).join(', ')}`
  return cluster.retrier.run(what, { topics: names }, async () => {
    if (names.length === 0) return []
    const { topics } = await cluster.fetchMetadata(names)
    const leftOut = names.find((name) => !topics.some(({ topic }) => topic === name))
    if (leftOut !== undefined) throw new RetriableError(new Error(`the broker left out topic "${leftOut}"`))
    return topics.filter(({ error }) => error !== brokerErrors.unknownTopic).map((topic) => metadataOf(topic, what))
  })
}

/** All that this user may see. */
export function findMatchingTopics(cluster: Cluster, pattern: RegExp): Promise<readonly TopicMetadata[]> {
  const whole = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''))
  const what = `look up topics that match ${pattern}`
  return cluster.retrier.run(what, {}, async () => {
    const { topics } = await cluster.fetchMetadata(undefined)
    return topics
      .filter(({ topic, isInternal, error }) => !isInternal && error !== brokerErrors.unknownTopic && whole.test(topic))
      .map((topic) => metadataOf(topic, what))
  })
}

function metadataOf(answer: TopicAnswer, what: string): TopicMetadata {
  const { topic, error, isInternal } = answer
  if (error !== 0) {
    const reason = brokerError(`Cannot ${what}`, error, { topic })
    throw brokerErrorKind(error).remedy === 'give-up' ? reason : new RetriableError(reason)
  }
  const partitions = answer.partitions
    .map(({ partition, leader, replicas }) => ({ partition, leader, replicas }))
    .toSorted((a, b) => a.partition - b.partition)
  return { topic, isInternal, partitions }
}
