import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import type { ProcessTable } from './process-table.ts'

/** The processes of this machine. Linux tells when each of them started. */
export class SystemProcessTable implements ProcessTable {
  readonly host: string = hostname()
  readonly pid: number = process.pid
  readonly startedAt: string | undefined = statusOf(process.pid)?.startedAt

  isAlive(pid: number, startedAt: string | undefined): boolean {
    if (!exists(pid)) return false
    const status = statusOf(pid)
    // One that was killed stays in the table until its parent has asked how it ended.
    if (status?.isZombie) return false
    return startedAt === undefined || status === undefined || status.startedAt === startedAt
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process of somebody else is alive, too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** What Linux tells of a process; undefined elsewhere, or if it has just ended. */
function statusOf(pid: number): { readonly isZombie: boolean; readonly startedAt: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program comes second, in parentheses, and may hold anything. After it: field 3 is the state, field 22
    // the start, counted in clock ticks since the machine started, so the id of that start goes with it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return { isZombie: fields[0] === 'Z' || fields[0] === 'X', startedAt: `${boot}/${fields[19]}` }
  } catch {
    return undefined
  }
}
