import { type Counter, type MetricGroup, preview } from '@millrace/runtime/connector'
import { KafkaError } from '../driver/kafka-error.ts'
import type { ConsumerRecord } from '../formats/deserializer.ts'
import { asyncSchemaCode } from '../formats/validate.ts'
import { messageOf } from '../message-of.ts'
import { deadLetterOf } from './dead-letter.ts'
import type { DeadLetters } from './dead-letters.ts'

/** What happens to a record that cannot be deserialized. */
export type OnDeserializationError = 'fail' | 'skip' | DeadLetterOptions

/** To another topic with it. */
export interface DeadLetterOptions {
  /** A topic that exists. */
  readonly deadLetter: string
  /**
   * With it letters are part of transactions that are committed when their checkpoint is complete, so whoever reads
   * `read_committed` sees each once. As that of a sink, which must not have the same.
   */
  readonly transactionalIdPrefix?: string
  /** As that of a sink. Default 15 min. */
  readonly transactionTimeoutMs?: number
}

const previewBytes = 200

/** Fails, skips, or sends away, as the user chose. The counter is called `numRecordsInErrors`, as in Flink. */
export class PoisonRecords {
  readonly #policy: OnDeserializationError
  readonly #errors: Counter
  readonly #deadLetters: DeadLetters | undefined

  /** `deadLetters` is needed where the policy is to use it. */
  constructor(policy: OnDeserializationError, metrics: MetricGroup, deadLetters: DeadLetters | undefined) {
    this.#policy = policy
    this.#deadLetters = deadLetters
    this.#errors = metrics.counter('numRecordsInErrors')
  }

  /** `record` made the deserializer throw `cause`. Throws if that is to end the job. */
  report(record: ConsumerRecord, cause: unknown): void {
    // Not the record's fault: the next one would fail as well.
    if (cause instanceof KafkaError && cause.code === asyncSchemaCode) throw cause
    this.#errors.inc()
    if (this.#policy === 'skip') return
    if (this.#deadLetters !== undefined) {
      this.#deadLetters.put(deadLetterOf(record, cause))
      return
    }
    const { topic, partition, offset } = record
    const shown = previewOf(record.value())
    throw new KafkaError(
      'DESERIALIZATION_FAILED',
      `Cannot deserialize the record at offset ${offset} of topic "${topic}", partition ${partition}, whose value is ${shown}: ` +
        `${messageOf(cause)}. ` +
        "Pass onDeserializationError: 'skip' to leave such records out, or { deadLetter: topic } to put them aside.",
      { topic, partition, offset, value: shown },
      // The same bytes fail in the same way: a job that restarts would come back to this record for ever, and go no further.
      { cause, isLasting: true },
    )
  }
}

/** Text where it is text, else hexadecimal. */
function previewOf(value: Buffer | null): string {
  if (value === null) return 'null'
  const text = value.subarray(0, previewBytes).toString()
  // The last character may be cut off.
  if (!text.slice(0, -1).includes('\uFFFD')) return preview(value.length > previewBytes ? `${text}...` : text)
  return `0x${value.subarray(0, previewBytes / 4).toString('hex')} (${value.length} bytes)`
}
