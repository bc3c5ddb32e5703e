import type { JobInfo, Logger } from '@millrace/runtime/connector'
import type { KafkaDriver } from '../../driver/kafka-driver.ts'
import { KafkaError } from '../../driver/kafka-error.ts'

const brokerMaximum = 'transaction.max.timeout.ms'

/**
 * A transaction stays open from the first record after a checkpoint until the next one is complete, and over a restart in
 * between: with a shorter timeout, brokers would abort what belongs to a checkpoint.
 *
 * @throws KafkaError `TRANSACTION_TIMEOUT_TOO_SHORT`, lasting
 */
export function checkTransactionTimeout(timeoutMs: number, { checkpointing }: JobInfo, logger: Logger): void {
  if (checkpointing === undefined) {
    logger.warn(
      'The job takes no checkpoints, so what it writes exactly once shows at the end of its input or with a savepoint, and is ' +
        'aborted if that takes longer than the transaction timeout. Set execution.checkpointing.interval',
      { transactionTimeoutMs: timeoutMs },
    )
    return
  }
  const { intervalMs, timeoutMs: checkpointMs, restartDelayMaxMs } = checkpointing
  const neededMs = intervalMs + checkpointMs + restartDelayMaxMs
  if (timeoutMs >= neededMs) return
  throw new KafkaError(
    'TRANSACTION_TIMEOUT_TOO_SHORT',
    `Cannot write exactly once with a transaction timeout of ${seconds(timeoutMs)}: a checkpoint that fails late and a restart ` +
      `take up to ${seconds(neededMs)} (execution.checkpointing.interval ${seconds(intervalMs)}, ` +
      `execution.checkpointing.timeout ${seconds(checkpointMs)}, restart delay up to ${seconds(restartDelayMaxMs)}), and what has ` +
      `timed out by then is lost. Raise transactionTimeoutMs, and ${brokerMaximum} of the brokers with it if need be; or lower ` +
      'execution.checkpointing.timeout.',
    { transactionTimeoutMs: timeoutMs, neededMs, intervalMs, checkpointTimeoutMs: checkpointMs, restartDelayMaxMs },
    { isLasting: true },
  )
}

/** Adds the broker's number to its refusal of the timeout. Other errors stay as they are. */
export async function explainRefusedTimeout(error: unknown, timeoutMs: number, driver: KafkaDriver): Promise<unknown> {
  if (!(error instanceof KafkaError) || error.code !== 'TRANSACTION_TIMEOUT_REFUSED') return error
  const maximumMs = await brokerMaximumMs(driver)
  const than =
    maximumMs === undefined ? `their ${brokerMaximum}` : `their maximum of ${seconds(maximumMs)} (${brokerMaximum})`
  return new KafkaError(
    'TRANSACTION_TIMEOUT_REFUSED',
    `Cannot write exactly once with a transaction timeout of ${seconds(timeoutMs)}: the brokers allow no more than ${than}. Lower ` +
      'transactionTimeoutMs, or raise the maximum of the brokers.',
    { transactionTimeoutMs: timeoutMs, maximumMs },
    { cause: error, isLasting: true },
  )
}

async function brokerMaximumMs(driver: KafkaDriver): Promise<number | undefined> {
  try {
    const [broker] = await driver.admin.brokers()
    const configs = await driver.admin.describeConfigs({ type: 'broker', name: String(broker?.nodeId) })
    const value = Number(configs.get(brokerMaximum) ?? Number.NaN)
    return Number.isFinite(value) ? value : undefined
  } catch {
    // Not everybody may see the settings of brokers. The number is for the message only.
    return undefined
  }
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`
}
