import { ConnectorError, type MillraceErrorOptions } from '@millrace/runtime/connector'

/**
 * What can go wrong with Kafka. Codes are stable; several of the broker's own errors may share one. A job with checkpoints starts
 * again after those that may pass, and ends at once with the others.
 *
 * - `BROKER_UNREACHABLE`: no broker answered until the time for retries had passed (wrong address, or all down).
 * - `TLS_FAILED`, `AUTHENTICATION_FAILED`: the connection was refused as it is configured. Not retried.
 * - `NOT_AUTHORIZED`: the user may not do that to this topic, group, transactional id or cluster. Not retried.
 * - `UNKNOWN_TOPIC`: a topic or a partition is not there, or not any more.
 * - `OFFSET_OUT_OF_RANGE`: the offset to read from was deleted, or is not written yet.
 * - `CORRUPT_BATCH`: bytes from the broker are no record batch, or their checksum differs.
 * - `UNSUPPORTED_COMPRESSION`, `UNSUPPORTED_VERSION`: the broker, or this side, does not know that.
 * - `RECORD_TOO_LARGE`: the broker refuses a batch or a record for its size.
 * - `DELIVERY_TIMED_OUT`: records were not acknowledged within the delivery timeout; whether they are in the log is not known.
 * - `TIMED_OUT`: another request was not answered in time, with all retries.
 * - `PRODUCER_FENCED`: a newer producer has taken over the transactional id.
 * - `SEQUENCE_BROKEN`: the broker has lost track of this idempotent producer; records may be missing.
 * - `PRODUCER_FAILED`: an earlier batch of this producer failed, so that nothing can be sent after it in order.
 * - `INVALID_TRANSACTION_STATE`: no transaction is open under this id and epoch, or it has been ended the other way.
 * - `TRANSACTION_TIMEOUT_REFUSED`: the timeout is above the broker's `transaction.max.timeout.ms`.
 * - `TOPIC_EXISTS`, `INVALID_REQUEST`: an administrative request, or one of its values, was refused.
 * - `DRIVER_NOT_INSTALLED`: the library that `kafka.driver` names cannot be loaded.
 * - `INVALID_OPTION`: an option of the connection makes no sense.
 * - `CLOSED`: the driver was closed meanwhile.
 * - `BROKER_ERROR`: any other answer of the broker; the facts have its number and name.
 */
export type KafkaErrorCode =
  | 'BROKER_UNREACHABLE'
  | 'TLS_FAILED'
  | 'AUTHENTICATION_FAILED'
  | 'NOT_AUTHORIZED'
  | 'UNKNOWN_TOPIC'
  | 'OFFSET_OUT_OF_RANGE'
  | 'CORRUPT_BATCH'
  | 'UNSUPPORTED_COMPRESSION'
  | 'UNSUPPORTED_VERSION'
  | 'RECORD_TOO_LARGE'
  | 'DELIVERY_TIMED_OUT'
  | 'TIMED_OUT'
  | 'PRODUCER_FENCED'
  | 'SEQUENCE_BROKEN'
  | 'PRODUCER_FAILED'
  | 'INVALID_TRANSACTION_STATE'
  | 'TRANSACTION_TIMEOUT_REFUSED'
  | 'TOPIC_EXISTS'
  | 'INVALID_REQUEST'
  | 'DRIVER_NOT_INSTALLED'
  | 'INVALID_OPTION'
  | 'CLOSED'
  | 'BROKER_ERROR'

/**
 * What another attempt of the job would meet again, until somebody has changed its configuration, a permission, or the data it
 * has to start from: a restart would only hide it. What may pass (a broker that is away, a batch damaged on its way) is not here.
 */
const lastingCodes: ReadonlySet<string> = new Set<KafkaErrorCode>([
  'TLS_FAILED',
  'AUTHENTICATION_FAILED',
  'NOT_AUTHORIZED',
  'OFFSET_OUT_OF_RANGE',
  'UNSUPPORTED_COMPRESSION',
  'UNSUPPORTED_VERSION',
  'RECORD_TOO_LARGE',
  'TRANSACTION_TIMEOUT_REFUSED',
  'DRIVER_NOT_INSTALLED',
  'INVALID_OPTION',
])

/**
 * The one error of the Kafka connector. Its facts name broker, topic, partition and offset as far as they are known, and
 * `brokerError` if a broker answered with one. Source and sink add codes of their own.
 *
 * @example
 * const error = new KafkaError('UNKNOWN_TOPIC', 'Cannot read topic "ordres": there is none', { topic: 'ordres' })
 * error.code // -> 'UNKNOWN_TOPIC'
 * error.facts // -> { topic: 'ordres' }
 */
export class KafkaError<Code extends string = string> extends ConnectorError<Code> {
  constructor(code: Code, message: string, facts?: Readonly<Record<string, unknown>>, options?: MillraceErrorOptions) {
    super(code, message, facts, lastingCodes.has(code) ? { isLasting: true, ...options } : options)
  }
}
