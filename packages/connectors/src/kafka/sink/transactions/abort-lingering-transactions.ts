import type { JobInfo, Logger, TaskInfo } from '@millrace/runtime/connector'
import type { KafkaDriver, TransactionListing } from '../../driver/kafka-driver.ts'
import { KafkaError } from '../../driver/kafka-error.ts'
import { isSameSeat, seatOfTransactionalId, type TransactionSeat } from './transactional-id.ts'

/** What a writer leaves in a snapshot: whoever takes over its seat knows which of its transactions are not to be aborted. */
export interface SeatState extends TransactionSeat {
  /** Transactional ids that are among the committables of the same snapshot. */
  readonly precommitted: readonly string[]
}

export interface LingeringParts {
  readonly driver: KafkaDriver
  readonly prefix: string
  readonly jobInfo: JobInfo
  readonly taskInfo: TaskInfo
  readonly logger: Logger
  readonly timeoutMs: number
  /** 0 if the job starts without state. */
  readonly restoredCheckpointId: number
  /** The restored states that this subtask was given. Each is given to one subtask. */
  readonly seats: readonly SeatState[]
  /** Whether this attempt has taken an id itself, so that nothing of another one can be open under it. */
  readonly isTaken: (transactionalId: string) => boolean
}

/**
 * Aborts what earlier attempts left open, or readers of `read_committed` would wait for its timeout: of the seats that this
 * subtask has taken over, all but what was precommitted; and, dealt out over the subtasks, all of attempts from the checkpoint
 * that this one starts from, or from later ones, since none of it can be in that checkpoint. So also after scaling down, and
 * after a death before the first checkpoint.
 *
 * @throws KafkaError `TRANSACTIONAL_ID_PREFIX_IN_USE`, lasting, if another job has open transactions with the prefix.
 */
export async function abortLingeringTransactions(parts: LingeringParts): Promise<void> {
  const { driver, prefix, logger, timeoutMs } = parts
  const open = (await driver.listTransactions(`${prefix}/`)).filter(({ state }) => state === 'Ongoing')
  for (const transaction of open) {
    const seat = seatOfTransactionalId(prefix, transaction.transactionalId)
    if (seat === undefined || parts.isTaken(transaction.transactionalId)) continue
    if (isForeign(seat, parts)) throw await prefixInUse(transaction, seat, parts)
    if (!isOursToAbort(transaction.transactionalId, seat, parts)) continue
    logger.info('aborting a transaction that an earlier attempt left open', {
      transactionalId: transaction.transactionalId,
    })
    await driver.initProducerId(transaction.transactionalId, timeoutMs)
  }
}

/**
 * A job that was renamed knows its former name from its state. A subtask that was given none cannot tell: others can, and deal
 * with the former name.
 */
function isForeign({ jobName }: TransactionSeat, { jobInfo, restoredCheckpointId, seats }: LingeringParts): boolean {
  if (jobName === jobInfo.jobName || seats.some((each) => each.jobName === jobName)) return false
  return restoredCheckpointId === 0 || seats.length > 0
}

function isOursToAbort(transactionalId: string, seat: TransactionSeat, parts: LingeringParts): boolean {
  const { jobInfo, restoredCheckpointId, taskInfo, seats } = parts
  const taken = seats.find((each) => isSameSeat(each, seat))
  if (taken !== undefined) return !taken.precommitted.includes(transactionalId)
  if (seat.restoredCheckpointId < restoredCheckpointId) return false
  // Of a former name: nobody uses it any more, so it does no harm that all who know it abort the same.
  if (seat.jobName !== jobInfo.jobName) return seats.some(({ jobName }) => jobName === seat.jobName)
  return seat.subtaskIndex % taskInfo.parallelism === taskInfo.index
}

async function prefixInUse(
  { transactionalId }: TransactionListing,
  { jobName }: TransactionSeat,
  { driver, prefix, jobInfo }: LingeringParts,
): Promise<KafkaError> {
  const [description] = await driver.describeTransactions([transactionalId])
  const startedAtMs = description?.startedAtMs
  const since = startedAtMs === undefined ? '' : ` since ${new Date(startedAtMs).toISOString()}`
  const timeout = description === undefined ? '' : ` (its timeout is ${description.timeoutMs / 1_000} s)`
  return new KafkaError(
    'TRANSACTIONAL_ID_PREFIX_IN_USE',
    `Cannot write from job "${jobInfo.jobName}" with transactionalIdPrefix "${prefix}": job "${jobName}" uses it, whose transaction ` +
      `"${transactionalId}" is open${since}. Give each job a prefix of its own. If that job runs no more, wait until the ` +
      `transaction has timed out${timeout}, or abort it with kafka-transactions.`,
    { jobName: jobInfo.jobName, otherJobName: jobName, prefix, transactionalId },
    { isLasting: true },
  )
}
