/** A topic to be created. */
export interface NewTopic {
  readonly topic: string
  readonly partitions: number
  /** Default: the broker's. */
  readonly replicationFactor?: number
  /** By Kafka's names, e.g. `{ 'retention.ms': '1000' }`. */
  readonly configs?: Readonly<Record<string, string>>
}

export interface ConfigResource {
  readonly type: 'topic' | 'broker'
  /** The topic, or the broker's id. */
  readonly name: string
}

export interface BrokerAddress {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/** What a job, its tests and its tools ask of a cluster beside records. */
export interface KafkaAdmin {
  /** The brokers that are up, as they are advertised. */
  brokers(): Promise<readonly BrokerAddress[]>
  /** Resolves when each topic has leaders for all partitions. Rejects with `TOPIC_EXISTS` if one exists. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  deleteTopics(topics: readonly string[]): Promise<void>
  /** Grows a topic to `count` partitions. */
  createPartitions(topic: string, count: number): Promise<void>
  /** All settings with their values, by Kafka's names; null for those that are secret. */
  describeConfigs(resource: ConfigResource): Promise<ReadonlyMap<string, string | null>>
  /** Deletes the records before `offset` of each. */
  deleteRecords(
    offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[],
  ): Promise<void>
}
