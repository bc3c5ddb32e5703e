import type { SourceReaderContext } from '@millrace/runtime/connector'
import type { KafkaDriver } from '../driver/kafka-driver.ts'
import { DeadLetterQueue } from './dead-letter-queue.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { DeadLetterOptions } from './poison-records.ts'
import { TransactionalDeadLetters } from './transactional-dead-letters.ts'

/** As that of sinks: the brokers' default maximum. */
const transactionTimeoutMsDefault = 15 * 60 * 1000

export interface DeadLettersParts {
  readonly policy: DeadLetterOptions
  readonly driver: () => KafkaDriver
  readonly context: SourceReaderContext
  readonly onChange: () => void
}

/** Exactly once with a prefix for transactional ids, else at least once. */
export function createDeadLetters({ policy, driver, context, onChange }: DeadLettersParts): DeadLetters {
  const { deadLetter: topic, transactionalIdPrefix: prefix, transactionTimeoutMs } = policy
  if (prefix === undefined) return new DeadLetterQueue(topic, driver, context.metrics, onChange)
  const timeoutMs = transactionTimeoutMs ?? transactionTimeoutMsDefault
  return new TransactionalDeadLetters({ topic, prefix, timeoutMs, driver, context, onChange })
}
