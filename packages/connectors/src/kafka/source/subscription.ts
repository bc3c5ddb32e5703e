import type { KafkaDriver, TopicMetadata, TopicPartition } from '../driver/kafka-driver.ts'
import { KafkaError } from '../driver/kafka-error.ts'

/** What a source reads: topics of these names, topics whose whole name matches, or some partitions only. */
export type Subscription =
  | { readonly topics: readonly string[] }
  | { readonly topicPattern: RegExp }
  | { readonly partitions: readonly TopicPartition[] }

/** What was found of a subscription, and what of it is not there. */
export interface FoundPartitions {
  readonly partitions: readonly TopicPartition[]
  /**
   * Undefined if nothing is missing. Lasting: a name that is not there when a job starts is most often a wrong one, and nobody
   * would see it while the job is started again and again.
   */
  readonly missing: KafkaError | undefined
}

/** The partitions there are at this moment, in the order of topics and numbers. */
export async function findPartitions(subscription: Subscription, driver: KafkaDriver): Promise<FoundPartitions> {
  if ('topicPattern' in subscription) {
    const topics = await driver.topicsMatching(subscription.topicPattern)
    return {
      partitions: partitionsOf(topics),
      missing: topics.length > 0 ? undefined : noMatch(subscription.topicPattern),
    }
  }
  if ('topics' in subscription) {
    const topics = await driver.topics(subscription.topics)
    const missing = subscription.topics.find((name) => !topics.some(({ topic }) => topic === name))
    return { partitions: partitionsOf(topics), missing: missing === undefined ? undefined : unknownTopic(missing) }
  }
  const names = [...new Set(subscription.partitions.map(({ topic }) => topic))]
  const topics = await driver.topics(names)
  const isThere = ({ topic, partition }: TopicPartition) =>
    topics.some((each) => each.topic === topic && each.partitions.some((one) => one.partition === partition))
  const missing = subscription.partitions.find((partition) => !isThere(partition))
  return {
    partitions: subscription.partitions.filter(isThere).map(({ topic, partition }) => ({ topic, partition })),
    missing: missing === undefined ? undefined : unknownPartition(missing, topics),
  }
}

function partitionsOf(topics: readonly TopicMetadata[]): readonly TopicPartition[] {
  return topics
    .toSorted((a, b) => (a.topic < b.topic ? -1 : 1))
    .flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition })))
}

function unknownTopic(topic: string): KafkaError {
  return new KafkaError(
    'UNKNOWN_TOPIC',
    `Cannot read topic "${topic}": there is none of this name, or this user may not see it. Check the name, or create the topic.`,
    { topic },
    { isLasting: true },
  )
}

function unknownPartition({ topic, partition }: TopicPartition, topics: readonly TopicMetadata[]): KafkaError {
  const known = topics.find((each) => each.topic === topic)
  if (known === undefined) return unknownTopic(topic)
  return new KafkaError(
    'UNKNOWN_TOPIC',
    `Cannot read topic "${topic}", partition ${partition}: the topic has ${known.partitions.length} partitions, from 0 on`,
    { topic, partition, partitionCount: known.partitions.length },
    { isLasting: true },
  )
}

function noMatch(topicPattern: RegExp): KafkaError {
  return new KafkaError(
    'NO_TOPIC_MATCHES',
    `Cannot find a topic whose whole name matches ${topicPattern}, among those that this user may see. Check the pattern, or create one.`,
    { topicPattern: String(topicPattern) },
    { isLasting: true },
  )
}
