import type { Sink, SinkWriter, SinkWriterContext } from '@millrace/runtime/connector'
import { createKafkaDriver } from '../driver/create-kafka-driver.ts'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import type { KafkaSinkOptions } from './kafka-sink-options.ts'
import { type KafkaSinkSettings, kafkaSinkSettings } from './kafka-sink-settings.ts'
import { KafkaWriter } from './kafka-writer.ts'
import { type RecordFields, recordFields } from './record-fields.ts'

/**
 * Writes to topics of Apache Kafka.
 *
 * Records of a key, and so of a partition, keep their order, through retries too: brokers drop what a retry has written twice
 * (an idempotent producer, unless `acks` is 1 or 0). The job is held back when brokers do not keep up.
 *
 * Metrics, by Flink's names: `numRecordsSend`, `numBytesSend` (before compression), `numRecordsSendErrors`, and `currentSendTime`,
 * how many milliseconds the last batch took to be acknowledged, of the slowest subtask.
 *
 * @throws KafkaError `INVALID_OPTION`, `UNSUPPORTED_COMPRESSION` at once; `UNKNOWN_TOPIC`, `BROKER_UNREACHABLE`,
 * `AUTHENTICATION_FAILED`, `TLS_FAILED`, `NOT_AUTHORIZED` when the job starts; later also `INVALID_RECORD`, `RECORD_TOO_LARGE`,
 * `DELIVERY_TIMED_OUT`, `SEQUENCE_BROKEN`.
 *
 * @example
 * const sink = new KafkaSink<{ customer: string; total: number }>({
 *   bootstrapServers: 'localhost:9092',
 *   recordSerializer: { topic: 'totals', key: ({ customer }) => customer, value: jsonFormat() },
 *   compression: 'lz4',
 * })
 * sink.createWriter instanceof Function // -> true
 * const job = defineJob('totals', (env) => {
 *   env.fromElements({ customer: 'a', total: 1 }).sinkTo(sink)
 * })
 * new KafkaSink({ bootstrapServers: 'localhost:9092', recordSerializer: { topic: '', value: stringFormat() } }) // throws KafkaError: recordSerializer.topic
 */
export class KafkaSink<in T> implements Sink<T> {
  readonly #settings: KafkaSinkSettings
  readonly #fields: RecordFields<T>

  constructor(options: KafkaSinkOptions<T>) {
    this.#settings = kafkaSinkSettings(options)
    this.#fields = recordFields(options.recordSerializer)
  }

  async createWriter(context: SinkWriterContext): Promise<SinkWriter<T>> {
    const driver = this.#connect(context)
    try {
      const producer = driver.createProducer({
        ...this.#settings.producer,
        ...(this.#settings.isIdempotent && { identity: await driver.initProducerId() }),
      })
      const close = () => driver.close()
      const writer = new KafkaWriter({
        settings: this.#settings,
        fields: this.#fields,
        context,
        driver,
        producer,
        close,
      })
      await writer.open()
      return writer
    } catch (error) {
      await driver.close()
      throw error
    }
  }

  #connect({ clock, logger, taskInfo }: SinkWriterContext): KafkaDriver {
    const { connection, clientIdPrefix, createDriver = createKafkaDriver } = this.#settings
    return createDriver({ ...connection, clientId: `${clientIdPrefix}-${taskInfo.index}` }, { clock, logger })
  }
}
