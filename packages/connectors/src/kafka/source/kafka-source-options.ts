import type { ConnectionOptions } from '../connection-properties.ts'
import type { KafkaDriverFactory, TopicPartition } from '../driver/kafka-driver.ts'
import type { FetcherOptions } from '../driver/kafka-fetcher.ts'
import type { KafkaDeserializer } from '../formats/deserializer.ts'
import type { DeserializationFormat } from '../formats/format.ts'
import type { KafkaProperties } from '../kafka-properties.ts'
import type { OnDeserializationError } from './poison-records.ts'
import type { StartingOffsets } from './starting-offsets.ts'
import type { StoppingOffsets } from './stopping-offsets.ts'

/**
 * How a {@link KafkaSource} reads, in the words of Flink's builder. One of `topics`, `topicPattern` and `partitions` is needed,
 * and one of `valueOnlyDeserializer` and `deserializer`.
 */
export type KafkaSourceOptions<T> = KafkaSourceSettingsOptions & DeserializerChoice<T>

/** What makes records of the job from records of Kafka. */
export type DeserializerChoice<T> =
  | {
      /** Of values alone; records whose value is null (tombstones) are left out. */
      readonly valueOnlyDeserializer: DeserializationFormat<T>
      readonly deserializer?: never
    }
  | {
      /** Of whole records: `fullRecord`, or a function of your own. */
      readonly deserializer: KafkaDeserializer<T>
      readonly valueOnlyDeserializer?: never
    }

/** All but the deserializer. In parentheses: the name as a property of Kafka or Flink. */
export interface KafkaSourceSettingsOptions extends ConnectionOptions, FetcherOptions {
  /** The group whose committed offsets are read, and to which offsets are committed. (`group.id`) */
  readonly groupId?: string
  readonly topics?: string | readonly string[]
  /** Matches whole names of topics. New topics are found while the job runs. */
  readonly topicPattern?: RegExp
  /** These only: no others are looked for. */
  readonly partitions?: readonly TopicPartition[]
  /** Default `earliest`. A job that starts from a snapshot goes on where that was taken instead. */
  readonly startingOffsets?: StartingOffsets
  /** The source ends at these offsets. Not together with `unbounded`. */
  readonly bounded?: StoppingOffsets
  /** Partitions end at these offsets, but the source goes on running: as Flink's `setUnbounded`. */
  readonly unbounded?: StoppingOffsets
  /**
   * How often new partitions are looked for, 0 for never. Default 5 minutes; a bounded source reads what is there when it
   * starts. New partitions are read from their beginning. (`partition.discovery.interval.ms`)
   */
  readonly partitionDiscoveryIntervalMs?: number
  /** Whether completed checkpoints are told to the group, for monitoring. Default true. (`commit.offsets.on.checkpoint`) */
  readonly commitOffsetsOnCheckpoint?: boolean
  /** Before the number of the subtask in the client id. Default: the group id, or `millrace`. (`client.id.prefix`) */
  readonly clientIdPrefix?: string
  /**
   * What happens to a record that the deserializer throws for: `fail` (the default) fails the job, and names it; `skip`
   * leaves it out, and counts it in `numRecordsInErrors`; `{ deadLetter: topic }` writes it to a topic that exists, as it was, with
   * headers `deadLetter.topic`, `.partition`, `.offset` and `.error`: at least once, or with `transactionalIdPrefix` exactly once.
   */
  readonly onDeserializationError?: OnDeserializationError
  /**
   * What happens when the offset to read from is not there, as records are deleted after their retention time: `fail` (the
   * default), or go on elsewhere with a warning. Kafka's own default would lose records in silence. (`auto.offset.reset`)
   */
  readonly onOffsetOutOfRange?: 'fail' | 'earliest' | 'latest'
  /** By Kafka's names; options go before them. A property that has no meaning here is refused. */
  readonly properties?: KafkaProperties
  /** What connects, for tests and other libraries. */
  readonly driver?: KafkaDriverFactory
}
