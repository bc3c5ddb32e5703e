import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import type { ProcessTable } from './process-table.ts'

/** The processes of this machine. Linux tells when each of them started. */
export class SystemProcessTable implements ProcessTable {
  readonly host: string = hostname()
  readonly pid: number = process.pid
  readonly startedAt: string | undefined = startOf(process.pid)

  isAlive(pid: number, startedAt: string | undefined): boolean {
    if (!exists(pid)) return false
    const start = startedAt === undefined ? undefined : startOf(pid)
    return start === undefined || start === startedAt
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

/** Counted in clock ticks since the machine started, so the id of that start goes with it. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program comes second, in parentheses, and may hold anything; field 22 is the start.
    const ticks = text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return ticks === undefined ? undefined : `${boot}/${ticks}`
  } catch {
    // No such file: not Linux, or the process has just ended.
    return undefined
  }
}
