import { parseJsonObject } from '../base/parse-json-object.ts'
import type { LockFile } from './lock-files.ts'
import type { ProcessTable } from './process-table.ts'

/** Who holds a lock: what its file says. */
export interface LockOwner {
  readonly jobId: string
  readonly jobName: string
  readonly host: string
  readonly pid: number
  /** Of the process, as its process table tells it. */
  readonly startedAt: string | undefined
  /** When the lock was taken, since the epoch. */
  readonly sinceMs: number
}

/** An owner whose process cannot be seen is taken for gone after so long without a sign: six missed heartbeats. */
const SILENT_MS = 60_000
/** Where a lock cannot be made at once with its text, it has it after so long. */
const UNWRITTEN_MS = 5_000

export function writeOwner(owner: LockOwner): string {
  return `${JSON.stringify(owner)}\n`
}

/** Undefined if the text is not a lock's. */
export function readOwner(text: string): LockOwner | undefined {
  const data = parseJsonObject(text)
  if (data === undefined) return undefined
  const { jobId, jobName, host, pid, startedAt, sinceMs } = data
  const isOwner =
    typeof jobId === 'string' &&
    typeof jobName === 'string' &&
    typeof host === 'string' &&
    typeof pid === 'number' &&
    Number.isSafeInteger(pid) &&
    pid > 0 &&
    (startedAt === undefined || typeof startedAt === 'string') &&
    typeof sinceMs === 'number' &&
    Math.abs(sinceMs) <= 8.64e15
  return isOwner ? { jobId, jobName, host, pid, startedAt, sinceMs } : undefined
}

/**
 * Whether nobody holds the lock any more. One that cannot be read, and is not being made just now, is what a
 * machine left that lost its power. The process of an owner on this machine tells. Where that is not certain, since the owner is on another
 * machine or the system does not tell when a process started, the time of its last heartbeat does.
 */
export function isGone(
  owner: LockOwner | undefined,
  { modifiedMs }: LockFile,
  processes: ProcessTable,
  nowMs: number,
): boolean {
  if (owner === undefined) return nowMs - modifiedMs > UNWRITTEN_MS
  const isSilent = nowMs - modifiedMs > SILENT_MS
  if (owner.host !== processes.host) return isSilent
  if (!processes.isAlive(owner.pid, owner.startedAt)) return true
  return isSilent && (owner.startedAt === undefined || processes.startedAt === undefined)
}
