import { type Clock, type JobInfo, type Logger, reachCrashPoint } from '@millrace/runtime/connector'
import type { KafkaDriver, TransactionDescription } from '../../driver/kafka-driver.ts'
import { KafkaError } from '../../driver/kafka-error.ts'
import type { PrecommittedTransaction } from './precommitted-transaction.ts'
import { transactionOutcome } from './transaction-outcome.ts'

/** How long to wait until it can be seen what became of a transaction: others before it may have to end first. */
const outcomeWaitMs = 30_000

/** What committing needs of its subtask. */
export interface CommitContext {
  readonly driver: KafkaDriver
  readonly clock: Clock
  readonly logger: Logger
  readonly jobInfo: JobInfo
}

/**
 * Commits, however often it is called for the same transaction. When the broker refuses, since the id has another epoch by now,
 * what the log of a partition shows decides: the commit may have been done before a restore, or the transaction was aborted.
 * `refused`: that has been decided, and whatever is open under the id by now is another transaction.
 *
 * @throws KafkaError `TRANSACTION_LOST`, lasting, unless the job is to go on without; whatever else can fail may pass.
 */
export async function commitTransaction(
  transaction: PrecommittedTransaction,
  context: CommitContext,
): Promise<'committed' | 'refused'> {
  const { driver } = context
  let answer: 'committed' | 'refused' = 'committed'
  try {
    await driver.endTransaction(transaction, 'commit')
  } catch (error) {
    if (!isRefusal(error)) throw error
    await settleRefused(transaction, error, context)
    answer = 'refused'
  }
  reachCrashPoint('sink-committed')
  return answer
}

function isRefusal(error: unknown): error is KafkaError {
  if (!(error instanceof KafkaError)) return false
  return error.code === 'PRODUCER_FENCED' || error.code === 'INVALID_TRANSACTION_STATE'
}

async function settleRefused(
  transaction: PrecommittedTransaction,
  refusal: KafkaError,
  { driver, clock, logger, jobInfo }: CommitContext,
): Promise<void> {
  const { transactionalId, witness } = transaction
  const outcome =
    witness === undefined ? 'unknown' : await transactionOutcome(driver, witness, { clock, waitMs: outcomeWaitMs })
  if (outcome === 'committed') {
    logger.debug('a transaction had been committed before', { transactionalId })
    return
  }
  if (outcome === 'open') {
    throw new KafkaError(
      'TRANSACTION_UNDECIDED',
      `Cannot tell yet whether transaction "${transactionalId}" is committed: after ${outcomeWaitMs / 1_000} s an earlier ` +
        `transaction of topic "${witness!.topic}", partition ${witness!.partition} is still open. It ends with its timeout at the latest.`,
      { ...transaction },
      { cause: refusal },
    )
  }
  const lost = lostTransaction(transaction, outcome, {
    jobInfo,
    refusal,
    description: await describe(driver, transactionalId),
  })
  if (jobInfo.onLostTransaction === 'fail') throw lost
  logger.error('A transaction is lost, and the job goes on without it, as sink.on-lost-transaction says', {
    reason: lost.message,
    ...lost.facts,
  })
}

async function describe(driver: KafkaDriver, transactionalId: string): Promise<TransactionDescription | undefined> {
  try {
    const [description] = await driver.describeTransactions([transactionalId])
    return description
  } catch {
    // It is for the message only.
    return undefined
  }
}

function lostTransaction(
  transaction: PrecommittedTransaction,
  outcome: 'aborted' | 'unknown',
  {
    jobInfo,
    refusal,
    description,
  }: {
    readonly jobInfo: JobInfo
    readonly refusal: KafkaError
    readonly description: TransactionDescription | undefined
  },
): KafkaError {
  const { transactionalId, epoch, producerId, witness, precommittedAtMs, timeoutMs } = transaction
  const where =
    witness === undefined
      ? ''
      : `, with records from topic "${witness.topic}", partition ${witness.partition}, offset ${witness.offset} on,`
  const since = new Date(precommittedAtMs).toISOString()
  const how =
    outcome === 'unknown'
      ? `the broker knows it no more, and ${witness === undefined ? 'no offset of it is known' : 'its record is deleted or compacted away'}, ` +
        'so nobody can tell whether it is committed'
      : isTimedOut(description, { producerId, epoch })
        ? `it was aborted when its timeout of ${timeoutMs / 1_000} s had passed`
        : `another producer with its transactional id has aborted it: another run of job "${jobInfo.jobName}", or another sink with the same transactionalIdPrefix`
  return new KafkaError(
    'TRANSACTION_LOST',
    `Cannot commit transaction "${transactionalId}"${where} that was prepared for a checkpoint at ${since}: ${how}. ` +
      `${outcome === 'unknown' ? 'If it is not, its' : 'Its'} records are lost. ` +
      'To go on without them, start the job with --on-lost-transaction=skip; or start it from an ' +
      'older savepoint. A longer transactionTimeoutMs leaves more time for restarts.',
    { transactionalId, producerId, epoch, precommittedAtMs, timeoutMs, ...(witness && { witness }), outcome },
    { cause: refusal, isLasting: true },
  )
}

/** A broker that aborts for the timeout raises the epoch and leaves it at that; a producer that takes over goes on with another. */
export function isTimedOut(
  description: TransactionDescription | undefined,
  { producerId, epoch }: { readonly producerId: number; readonly epoch: number },
): boolean {
  if (description === undefined || description.producerId !== producerId || description.epoch <= epoch) return false
  return ['CompleteAbort', 'PrepareAbort', 'PrepareEpochFence'].includes(description.state)
}
