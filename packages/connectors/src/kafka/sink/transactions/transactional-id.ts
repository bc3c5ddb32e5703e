/**
 * Where transactional ids of one writer come from. The number of the checkpoint that its attempt started from (0 for none)
 * tells attempts apart: ids of an attempt are never among the committables of the checkpoint that it started from, so whatever
 * is open of an attempt from the same checkpoint or a later one can be aborted.
 */
export interface TransactionSeat {
  readonly jobName: string
  readonly restoredCheckpointId: number
  readonly subtaskIndex: number
}

/** `totals/Orders by customer/12.3/0`: prefix, job, checkpoint and subtask, and a number of its pool. */
export function transactionalIdOf(prefix: string, seat: TransactionSeat, number: number): string {
  return `${prefix}/${seat.jobName}/${seat.restoredCheckpointId}.${seat.subtaskIndex}/${number}`
}

/** The seat that an id of this prefix comes from; undefined if it is none of ours. */
export function seatOfTransactionalId(prefix: string, transactionalId: string): TransactionSeat | undefined {
  if (!transactionalId.startsWith(`${prefix}/`)) return undefined
  const parts = /^(.*)\/(\d{1,15})\.(\d{1,9})\/\d{1,9}$/s.exec(transactionalId.slice(prefix.length + 1))
  if (parts === null) return undefined
  return { jobName: parts[1]!, restoredCheckpointId: Number(parts[2]), subtaskIndex: Number(parts[3]) }
}

export function isSameSeat(a: TransactionSeat, b: TransactionSeat): boolean {
  return (
    a.jobName === b.jobName && a.restoredCheckpointId === b.restoredCheckpointId && a.subtaskIndex === b.subtaskIndex
  )
}
