import type {
  Boundedness,
  Source,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@millrace/runtime/connector'
import { type KafkaDeserializer, valueOnly } from '../formats/deserializer.ts'
import type { KafkaSourceOptions } from './kafka-source-options.ts'
import { KafkaSourceReader } from './kafka-source-reader.ts'
import { type KafkaSourceSettings, kafkaSourceSettings } from './kafka-source-settings.ts'
import type { KafkaSplit } from './kafka-split.ts'
import { KafkaSplitEnumerator, type KafkaSplitEnumeratorState } from './kafka-split-enumerator.ts'

/**
 * Reads topics of Apache Kafka. Splits are partitions, dealt out as Flink does; with more subtasks than partitions some are
 * idle. Records carry Kafka's timestamps. Order is kept within a partition.
 *
 * Snapshots keep the next offset of each partition, so each record comes once after a restore, at any parallelism. The group's
 * committed offsets follow completed checkpoints, for monitoring only; a job without a snapshot may start at them. Records of
 * open and aborted transactions are not read, unless `isolation` says so.
 *
 * Metrics, by Flink's names: `pendingRecords`, `sourceIdleTime`, `numRecordsInErrors`, and in the group `KafkaSourceReader`:
 * `commitsSucceeded`, `commitsFailed`, `KafkaConsumer.records-lag-max` (of the partition that is furthest behind), and for each of
 * the first 50 partitions of a subtask `topic.<topic>.partition.<n>.currentOffset` and `.committedOffset`. Also, without a like in
 * Flink: `bytesConsumedTotal`, `offsetsReset`, `deadLettersWritten`.
 *
 * A job with checkpoints starts again after what may pass (`BROKER_UNREACHABLE`, `TIMED_OUT`, `CORRUPT_BATCH`), and ends at once
 * with what the next attempt would meet again: a refused login, certificate or permission, a topic that is not there or is deleted
 * while it is read, records that were deleted before they were read, a poison record unless it is skipped or put aside.
 *
 * @throws KafkaError `INVALID_OPTION` at once; `UNKNOWN_TOPIC`, `NO_TOPIC_MATCHES`, `NO_COMMITTED_OFFSET`,
 * `NO_STOPPING_OFFSET`, `BROKER_UNREACHABLE`, `AUTHENTICATION_FAILED`, `TLS_FAILED`, `NOT_AUTHORIZED` when the job starts; later
 * also `DESERIALIZATION_FAILED`, `DEAD_LETTER_FAILED`, `OFFSET_OUT_OF_RANGE`, `UNSUPPORTED_COMPRESSION`, `CORRUPT_BATCH`; and as
 * sinks have them, `TRANSACTION_LOST` and its like, where dead letters are part of transactions.
 *
 * @example
 * const source = new KafkaSource({
 *   bootstrapServers: 'localhost:9092',
 *   groupId: 'totals',
 *   topics: 'orders',
 *   startingOffsets: { committedOrElse: 'earliest' },
 *   valueOnlyDeserializer: jsonFormat<{ customer: string; amount: number }>(),
 * })
 * source.boundedness // -> 'continuous-unbounded'
 * const job = defineJob('totals', (env) => {
 *   env.fromSource(source, WatermarkStrategy.noWatermarks(), 'Orders').print()
 * })
 * new KafkaSource({ bootstrapServers: 'localhost:9092', valueOnlyDeserializer: stringFormat() }) // throws KafkaError: exactly one of topics
 */
export class KafkaSource<T> implements Source<T, KafkaSplit> {
  readonly boundedness: Boundedness
  readonly #settings: KafkaSourceSettings
  readonly #deserializer: KafkaDeserializer<T>

  constructor(options: KafkaSourceOptions<T>) {
    this.#settings = kafkaSourceSettings(options)
    this.#deserializer = options.deserializer ?? valueOnly(options.valueOnlyDeserializer)
    this.boundedness = this.#settings.isBounded ? 'bounded' : 'continuous-unbounded'
  }

  createEnumerator(context: SplitEnumeratorContext<KafkaSplit>): SplitEnumerator {
    return new KafkaSplitEnumerator(this.#settings, context)
  }

  restoreEnumerator(context: SplitEnumeratorContext<KafkaSplit>, state: unknown): SplitEnumerator {
    // Of this source's own making: a snapshot answers each operator what it gave.
    return new KafkaSplitEnumerator(this.#settings, context, state as KafkaSplitEnumeratorState)
  }

  createReader(context: SourceReaderContext): SourceReader<T, KafkaSplit> {
    return new KafkaSourceReader(this.#settings, this.#deserializer, context)
  }
}
