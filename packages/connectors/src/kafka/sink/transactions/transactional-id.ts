const idPattern = /^(.*)\/(\d{1,15})\.(\d{1,9})\.(\d{1,9})\/\d{1,9}$/s

/**
 * Where transactional ids of one writer come from. The number of the checkpoint that its attempt started from (0 for none)
 * tells whose transactions can be aborted: ids of an attempt are never among the committables of the checkpoint that it started
 * from, so whatever is open of another attempt from the same checkpoint or a later one is in no checkpoint that counts.
 */
export interface TransactionSeat {
  readonly jobName: string
  readonly restoredCheckpointId: number
  readonly subtaskIndex: number
  /**
   * Of the run of the job. A request of the attempt before that a broker comes to late cannot take an id away from the next. A
   * second run of the same job begins with the same number and takes the ids of the first one away.
   */
  readonly attempt: number
}

/** `totals/Orders by customer/12.3.0/1`: prefix, job, checkpoint, subtask and attempt, and a number of its pool. */
export function transactionalIdOf(prefix: string, seat: TransactionSeat, number: number): string {
  return `${prefix}/${seat.jobName}/${seat.restoredCheckpointId}.${seat.subtaskIndex}.${seat.attempt}/${number}`
}

/** The seat that an id of this prefix comes from; undefined if it is none of ours. */
export function seatOfTransactionalId(prefix: string, transactionalId: string): TransactionSeat | undefined {
  if (!transactionalId.startsWith(`${prefix}/`)) return undefined
  const parts = idPattern.exec(transactionalId.slice(prefix.length + 1))
  if (parts === null) return undefined
  const [, jobName = '', ...numbers] = parts
  const [restoredCheckpointId = 0, subtaskIndex = 0, attempt = 0] = numbers.map(Number)
  return { jobName, restoredCheckpointId, subtaskIndex, attempt }
}

export function isSameSeat(a: TransactionSeat, b: TransactionSeat): boolean {
  return (
    a.jobName === b.jobName &&
    a.restoredCheckpointId === b.restoredCheckpointId &&
    a.subtaskIndex === b.subtaskIndex &&
    a.attempt === b.attempt
  )
}
