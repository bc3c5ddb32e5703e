import type { BrokerAddress, ConfigResource, KafkaAdmin, NewTopic } from '../kafka-admin.ts'
import type { PartitionOffset } from '../kafka-driver.ts'
import {
  type ConfigsAnswer,
  createPartitionsRequest,
  createTopicsRequest,
  deleteRecordsRequest,
  deleteTopicsRequest,
  describeConfigsRequest,
} from '../protocol/admin-requests.ts'
import { brokerError, brokerErrorKind, brokerErrors } from '../protocol/broker-errors.ts'
import { changeTopics } from './change-topics.ts'
import type { Cluster } from './cluster.ts'
import { askLeaders } from './leader-requests.ts'
import { RetriableError } from './retry.ts'
import { findTopics } from './topics.ts'

export class ClusterAdmin implements KafkaAdmin {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  brokers(): Promise<readonly BrokerAddress[]> {
    return this.#cluster.retrier.run('list the brokers', {}, async () => {
      const { brokers } = await this.#cluster.fetchMetadata([])
      return brokers.map(({ nodeId, host, port }) => ({ nodeId, host, port }))
    })
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const names = topics.map(({ topic }) => topic)
    const what = `create topics ${quoted(names)}`
    await changeTopics(this.#cluster, {
      what,
      names,
      requestOf: (open) =>
        createTopicsRequest(
          topics.filter(({ topic }) => open.includes(topic)),
          this.#timeoutMs,
        ),
      errorOnceMade: brokerErrors.topicExists,
    })
    await this.#cluster.retrier.run(what, { topics: names }, async () => {
      const found = await findTopics(this.#cluster, names)
      const isReady = topics.every(({ topic }) => {
        const partitions = found.find((each) => each.topic === topic)?.partitions ?? []
        return partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)
      })
      if (!isReady) throw new RetriableError(new Error('not all partitions have leaders yet'))
    })
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    await changeTopics(this.#cluster, {
      what: `delete topics ${quoted(topics)}`,
      names: topics,
      requestOf: (open) => deleteTopicsRequest(open, this.#timeoutMs),
      errorOnceMade: brokerErrors.unknownTopic,
    })
  }

  async createPartitions(topic: string, count: number): Promise<void> {
    const what = `grow topic "${topic}" to ${count} partitions`
    await changeTopics(this.#cluster, {
      what,
      names: [topic],
      requestOf: () => createPartitionsRequest(topic, count, this.#timeoutMs),
      errorOnceMade: brokerErrors.invalidPartitions,
    })
    await this.#cluster.retrier.run(what, { topic, count }, async () => {
      const [found] = await findTopics(this.#cluster, [topic])
      const led = found?.partitions.filter(({ leader }) => leader >= 0).length ?? 0
      // It had more before, and the answer that says so was lost.
      if (led > count) throw brokerError(`Cannot ${what}`, brokerErrors.invalidPartitions, { topic, count })
      if (led < count) throw new RetriableError(new Error('not all partitions have leaders yet'))
    })
  }

  describeConfigs({ type, name }: ConfigResource): Promise<ReadonlyMap<string, string | null>> {
    const what = `read the settings of ${type} "${name}"`
    const request = describeConfigsRequest(type, name)
    return this.#cluster.retrier.run(what, { type, name }, async () => {
      // Those of a broker are its own; those of a topic are known to all.
      const cluster = this.#cluster
      if (type === 'broker' && !cluster.brokers.some(({ nodeId }) => nodeId === Number(name)))
        await cluster.fetchMetadata([])
      const answers: readonly ConfigsAnswer[] =
        type === 'broker' ? await cluster.send(Number(name), 'control', request) : await cluster.sendToAny(request)
      const { error = 0, errorMessage = null, configs = [] } = answers[0] ?? {}
      if (error !== 0) {
        const reason = brokerError(`Cannot ${what}`, error, { type, name }, errorMessage)
        throw brokerErrorKind(error).remedy === 'retry' ? new RetriableError(reason) : reason
      }
      return new Map(configs.map((config) => [config.name, config.value]))
    })
  }

  async deleteRecords(offsets: readonly PartitionOffset[]): Promise<void> {
    await askLeaders(this.#cluster, 'delete records', offsets, (byTopic) =>
      deleteRecordsRequest(byTopic, this.#timeoutMs),
    )
  }

  get #timeoutMs(): number {
    return this.#cluster.settings.requestTimeoutMs
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}
