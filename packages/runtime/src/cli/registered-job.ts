import { parseJsonObject } from '../base/parse-json-object.ts'
import type { JobStatus } from '../cluster/job-status.ts'

/** How to reach the process of a job that runs, and what is left of one that has ended. */
export interface RegisteredJob {
  /** 32 hex digits. */
  readonly id: string
  readonly name: string
  readonly host: string
  readonly pid: number
  /** When the process started, as a process table tells it. */
  readonly startedAt: string | undefined
  readonly startTimeMs: number
  /** Undefined while it runs. */
  readonly endTimeMs: number | undefined
  /** When the entry was written. */
  readonly status: JobStatus
  /** Of its REST API, on loopback; undefined when it has ended, or has none. */
  readonly port: number | undefined
  readonly token: string | undefined
  /** Where the output of a detached job goes. */
  readonly log: string | undefined
}

const idPattern = /^[0-9a-f]{32}$/

export function writeRegisteredJob(job: RegisteredJob): string {
  return `${JSON.stringify(job, null, 2)}\n`
}

/** Undefined if the text is not that of an entry. */
export function readRegisteredJob(text: string): RegisteredJob | undefined {
  const data = parseJsonObject(text)
  if (data === undefined) return undefined
  const { id, name, host, pid, startedAt, startTimeMs, endTimeMs, status, port, token, log } = data
  if (typeof id !== 'string' || !idPattern.test(id)) return undefined
  if (typeof name !== 'string' || typeof host !== 'string' || typeof status !== 'string') return undefined
  if (!isWhole(pid) || !isWhole(startTimeMs)) return undefined
  return {
    id,
    name,
    host,
    pid,
    startedAt: textOf(startedAt),
    startTimeMs,
    endTimeMs: isWhole(endTimeMs) ? endTimeMs : undefined,
    status: status as JobStatus,
    port: isWhole(port) ? port : undefined,
    token: textOf(token),
    log: textOf(log),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
