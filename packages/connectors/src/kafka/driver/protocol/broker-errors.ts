import { KafkaError, type KafkaErrorCode } from '../kafka-error.ts'

/**
 * What to do about an error that a broker answers: `retry` it as it is, look up the leader or the coordinator anew before
 * that, or give up.
 */
export type BrokerErrorRemedy = 'retry' | 'find-leader' | 'find-coordinator' | 'give-up'

/** Those that are looked at one by one. */
export const brokerErrors = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  leaderNotAvailable: 5,
  requestTimedOut: 7,
  topicExists: 36,
  invalidPartitions: 37,
} as const

interface BrokerErrorKind {
  readonly name: string
  readonly remedy: BrokerErrorRemedy
  readonly code: KafkaErrorCode
  readonly advice: string
}

const refused = 'Let an administrator grant it (kafka-acls), or connect as another user.'

const kinds: Readonly<
  Record<number, readonly [name: string, remedy: BrokerErrorRemedy, code?: KafkaErrorCode, advice?: string]>
> = {
  1: ['OFFSET_OUT_OF_RANGE', 'give-up', 'OFFSET_OUT_OF_RANGE', 'Start from an offset that is there.'],
  2: [
    'CORRUPT_MESSAGE',
    'retry',
    'CORRUPT_BATCH',
    'The batch was damaged on its way, or a key is missing in a compacted topic.',
  ],
  3: [
    'UNKNOWN_TOPIC_OR_PARTITION',
    'find-leader',
    'UNKNOWN_TOPIC',
    'Check the name, create the topic, or wait until it is there.',
  ],
  5: ['LEADER_NOT_AVAILABLE', 'find-leader'],
  6: ['NOT_LEADER_OR_FOLLOWER', 'find-leader'],
  7: ['REQUEST_TIMED_OUT', 'retry', 'TIMED_OUT'],
  8: ['BROKER_NOT_AVAILABLE', 'find-leader'],
  9: ['REPLICA_NOT_AVAILABLE', 'find-leader'],
  10: [
    'MESSAGE_TOO_LARGE',
    'give-up',
    'RECORD_TOO_LARGE',
    'Write smaller records or batches, or raise max.message.bytes of the topic.',
  ],
  13: ['NETWORK_EXCEPTION', 'find-leader'],
  14: ['COORDINATOR_LOAD_IN_PROGRESS', 'retry'],
  15: ['COORDINATOR_NOT_AVAILABLE', 'find-coordinator'],
  16: ['NOT_COORDINATOR', 'find-coordinator'],
  17: [
    'INVALID_TOPIC_EXCEPTION',
    'give-up',
    'INVALID_REQUEST',
    'Topics have letters, digits, ".", "_" and "-", at most 249.',
  ],
  18: [
    'RECORD_LIST_TOO_LARGE',
    'give-up',
    'RECORD_TOO_LARGE',
    'Write smaller batches, or raise segment.bytes of the topic.',
  ],
  19: ['NOT_ENOUGH_REPLICAS', 'retry'],
  20: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'retry'],
  22: [
    'ILLEGAL_GENERATION',
    'give-up',
    'INVALID_REQUEST',
    'Consumers with a subscription use this group: choose another one.',
  ],
  25: [
    'UNKNOWN_MEMBER_ID',
    'give-up',
    'INVALID_REQUEST',
    'Consumers with a subscription use this group: choose another one.',
  ],
  29: ['TOPIC_AUTHORIZATION_FAILED', 'give-up', 'NOT_AUTHORIZED', refused],
  30: ['GROUP_AUTHORIZATION_FAILED', 'give-up', 'NOT_AUTHORIZED', refused],
  31: ['CLUSTER_AUTHORIZATION_FAILED', 'give-up', 'NOT_AUTHORIZED', refused],
  32: [
    'INVALID_TIMESTAMP',
    'give-up',
    'INVALID_REQUEST',
    'The topic refuses timestamps that far from now (message.timestamp.before.max.ms and ...after.max.ms).',
  ],
  34: ['ILLEGAL_SASL_STATE', 'give-up', 'AUTHENTICATION_FAILED', 'Give a user: the listener asks for one.'],
  35: ['UNSUPPORTED_VERSION', 'give-up', 'UNSUPPORTED_VERSION', 'Use a broker from 2.5 on.'],
  36: ['TOPIC_ALREADY_EXISTS', 'give-up', 'TOPIC_EXISTS', 'Choose another name, or delete it first.'],
  37: ['INVALID_PARTITIONS', 'give-up', 'INVALID_REQUEST', 'The number of partitions can only grow.'],
  38: ['INVALID_REPLICATION_FACTOR', 'give-up', 'INVALID_REQUEST', 'There must be as many brokers as replicas.'],
  39: ['INVALID_REPLICA_ASSIGNMENT', 'give-up', 'INVALID_REQUEST', ''],
  40: ['INVALID_CONFIG', 'give-up', 'INVALID_REQUEST', ''],
  41: ['NOT_CONTROLLER', 'find-coordinator'],
  42: ['INVALID_REQUEST', 'give-up', 'INVALID_REQUEST', ''],
  44: ['POLICY_VIOLATION', 'give-up', 'INVALID_REQUEST', ''],
  45: ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'give-up', 'SEQUENCE_BROKEN', 'Start again from the last checkpoint.'],
  46: ['DUPLICATE_SEQUENCE_NUMBER', 'give-up', 'SEQUENCE_BROKEN', 'Start again from the last checkpoint.'],
  47: [
    'INVALID_PRODUCER_EPOCH',
    'give-up',
    'PRODUCER_FENCED',
    'Let only one job use a transactional id prefix at a time.',
  ],
  48: [
    'INVALID_TXN_STATE',
    'give-up',
    'INVALID_TRANSACTION_STATE',
    'Nothing was written in it, or it was ended the other way.',
  ],
  49: [
    'INVALID_PRODUCER_ID_MAPPING',
    'give-up',
    'PRODUCER_FENCED',
    'The broker knows this id with another producer, or forgot it.',
  ],
  50: [
    'INVALID_TRANSACTION_TIMEOUT',
    'give-up',
    'TRANSACTION_TIMEOUT_REFUSED',
    'Take one up to transaction.max.timeout.ms of the brokers (15 min by default), or raise that.',
  ],
  51: ['CONCURRENT_TRANSACTIONS', 'retry'],
  52: ['TRANSACTION_COORDINATOR_FENCED', 'find-coordinator'],
  53: ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'give-up', 'NOT_AUTHORIZED', refused],
  54: ['SECURITY_DISABLED', 'give-up', 'NOT_AUTHORIZED', ''],
  56: ['KAFKA_STORAGE_ERROR', 'find-leader'],
  58: ['SASL_AUTHENTICATION_FAILED', 'give-up', 'AUTHENTICATION_FAILED', 'Check user and password.'],
  59: ['UNKNOWN_PRODUCER_ID', 'give-up', 'SEQUENCE_BROKEN', 'Start again from the last checkpoint.'],
  61: ['DELEGATION_TOKEN_AUTH_DISABLED', 'give-up', 'NOT_AUTHORIZED', ''],
  72: ['LISTENER_NOT_FOUND', 'find-leader'],
  73: ['TOPIC_DELETION_DISABLED', 'give-up', 'INVALID_REQUEST', 'Set delete.topic.enable of the brokers.'],
  74: ['FENCED_LEADER_EPOCH', 'find-leader'],
  75: ['UNKNOWN_LEADER_EPOCH', 'find-leader'],
  76: ['UNSUPPORTED_COMPRESSION_TYPE', 'give-up', 'UNSUPPORTED_COMPRESSION', 'Choose another compression.'],
  78: ['OFFSET_NOT_AVAILABLE', 'retry'],
  83: ['ELIGIBLE_LEADERS_NOT_AVAILABLE', 'find-leader'],
  87: ['INVALID_RECORD', 'give-up', 'INVALID_REQUEST', 'A compacted topic needs keys; timestamps must be near enough.'],
  88: ['UNSTABLE_OFFSET_COMMIT', 'retry'],
  89: ['THROTTLING_QUOTA_EXCEEDED', 'retry'],
  90: ['PRODUCER_FENCED', 'give-up', 'PRODUCER_FENCED', 'Let only one job use a transactional id prefix at a time.'],
  97: ['PRINCIPAL_DESERIALIZATION_FAILURE', 'give-up', 'NOT_AUTHORIZED', ''],
  100: ['UNKNOWN_TOPIC_ID', 'find-leader', 'UNKNOWN_TOPIC', 'The topic was deleted and created anew.'],
  105: [
    'TRANSACTIONAL_ID_NOT_FOUND',
    'give-up',
    'INVALID_TRANSACTION_STATE',
    'It was never used, or the broker forgot it.',
  ],
  120: ['TRANSACTION_ABORTABLE', 'give-up', 'INVALID_TRANSACTION_STATE', 'Abort the transaction.'],
}

export function brokerErrorKind(error: number): BrokerErrorKind {
  const [name, remedy, code = 'BROKER_ERROR', advice = ''] = kinds[error] ?? [`error ${error}`, 'give-up']
  return { name, remedy, code, advice }
}

/** `attempt` says what was not possible, with its values: `Cannot commit transaction "a"`. */
export function brokerError(
  attempt: string,
  error: number,
  facts: Readonly<Record<string, unknown>>,
  message: string | null = null,
): KafkaError {
  const { name, code, advice } = brokerErrorKind(error)
  const sentence = message === null ? '' : message.replace(/([^.!?])$/, '$1.')
  const details = [sentence, advice].filter((each) => each !== '').join(' ')
  return new KafkaError(code, `${attempt}: the broker answered ${name}.${details === '' ? '' : ` ${details}`}`, {
    ...facts,
    brokerError: name,
    brokerErrorNumber: error,
  })
}
