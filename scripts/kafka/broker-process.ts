import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const pollIntervalMs = 25

/**
 * Whether the process is there and is the one that was started with `marker` among its arguments. Process ids are used
 * again, so nothing is signalled that does not answer to its marker.
 */
export function isRunning(pid: number, marker: string): boolean {
  return commandLine(pid).includes(marker)
}

/** Signals it if it is still the same process. */
export function signal(pid: number, marker: string, name: NodeJS.Signals): void {
  if (!isRunning(pid, marker)) return
  try {
    process.kill(pid, name)
  } catch (error) {
    // It ended in between.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether it ended within the time. */
export async function hasEnded(pid: number, marker: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (isRunning(pid, marker)) {
    if (Date.now() > deadline) return false
    await delay(pollIntervalMs)
  }
  return true
}

/** Empty if there is no such process, or only its remains. */
function commandLine(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch {
      return ''
    }
  }
  try {
    return execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' })
  } catch {
    return ''
  }
}
