import type { Committer, Sink, SinkWriter, SinkWriterContext } from '@millrace/runtime/connector'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import { kafkaDriverFor } from '../driver/kafka-driver-for.ts'
import { KafkaError } from '../driver/kafka-error.ts'
import { ExactlyOnceKafkaWriter } from './exactly-once-kafka-writer.ts'
import type { KafkaSinkOptions } from './kafka-sink-options.ts'
import { type KafkaSinkSettings, kafkaSinkSettings } from './kafka-sink-settings.ts'
import { KafkaWriter } from './kafka-writer.ts'
import { type RecordFields, recordFields } from './record-fields.ts'
import { SinkTransactions } from './transactions/sink-transactions.ts'

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
  /** Of sinks that write exactly once. */
  readonly createCommitter?: (context: SinkWriterContext) => Committer
  readonly #settings: KafkaSinkSettings
  readonly #fields: RecordFields<T>
  /** What writer and committer of a subtask share, by their context: made for the committer, which comes first. */
  readonly #subtasks = new WeakMap<SinkWriterContext, TransactionalSubtask>()

  constructor(options: KafkaSinkOptions<T>) {
    this.#settings = kafkaSinkSettings(options)
    this.#fields = recordFields(options.recordSerializer)
    if (this.#settings.deliveryGuarantee === 'exactly-once') {
      this.createCommitter = (context) => this.#createCommitter(context)
    }
  }

  createWriter(context: SinkWriterContext): Promise<SinkWriter<T>> {
    const subtask = this.#subtasks.get(context)
    return subtask === undefined
      ? this.#createPlainWriter(context)
      : this.#createTransactionalWriter(context, subtask, [])
  }

  // Only transactions leave something in snapshots.
  async restoreWriter(context: SinkWriterContext, states: readonly unknown[]): Promise<SinkWriter<T>> {
    const subtask = this.#subtasks.get(context)
    if (subtask === undefined) throw guaranteeChanged(this.#settings, context)
    return this.#createTransactionalWriter(context, subtask, states)
  }

  async #createPlainWriter(context: SinkWriterContext): Promise<SinkWriter<T>> {
    const { producer: options, isIdempotent } = this.#settings
    const driver = this.#connect(context)
    try {
      const producer = driver.createProducer({
        ...options,
        ...(isIdempotent && { identity: await driver.initProducerId() }),
      })
      const writer = new KafkaWriter({
        ...{ settings: this.#settings, fields: this.#fields, context, driver, producer },
        close: () => driver.close(),
      })
      await writer.open()
      return writer
    } catch (error) {
      await driver.close()
      throw error
    }
  }

  async #createTransactionalWriter(
    context: SinkWriterContext,
    { driver, transactions }: TransactionalSubtask,
    states: readonly unknown[],
  ): Promise<SinkWriter<T>> {
    const producer = await transactions.open(states, this.#settings.producer)
    const parts = { settings: this.#settings, fields: this.#fields, context, driver, producer }
    const writer = new ExactlyOnceKafkaWriter(parts, transactions)
    await writer.open()
    return writer
  }

  #createCommitter(context: SinkWriterContext): Committer {
    const { transactionalIdPrefix: prefix, transactionTimeoutMs: timeoutMs } = this.#settings
    const driver = this.#connect(context)
    const transactions = new SinkTransactions(driver, { prefix, timeoutMs }, context)
    this.#subtasks.set(context, { driver, transactions })
    return {
      commit: (committables) => transactions.commit(committables),
      // The writer is closed before.
      close: () => driver.close(),
    }
  }

  #connect({ clock, logger, taskInfo, jobInfo }: SinkWriterContext): KafkaDriver {
    const { connection, clientIdPrefix, createDriver = kafkaDriverFor(jobInfo.kafkaDriver) } = this.#settings
    return createDriver({ ...connection, clientId: `${clientIdPrefix}-${taskInfo.index}` }, { clock, logger })
  }
}

interface TransactionalSubtask {
  readonly driver: KafkaDriver
  readonly transactions: SinkTransactions
}

function guaranteeChanged({ deliveryGuarantee }: KafkaSinkSettings, { taskInfo }: SinkWriterContext): KafkaError {
  return new KafkaError(
    'DELIVERY_GUARANTEE_CHANGED',
    `Cannot start sink "${taskInfo.name}" with the guarantee ${deliveryGuarantee} from a snapshot that was taken with exactly-once: ` +
      'transactions in it would never be committed. Start it once more with exactly-once, stop it with a savepoint, which commits ' +
      'them, and start from that without the state of this sink (--drop-state).',
    { operator: taskInfo.name, deliveryGuarantee },
    { isLasting: true },
  )
}
