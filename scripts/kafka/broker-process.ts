import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
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

/**
 * Whether it ended within the time, with all that it held: a process that was killed loses its arguments first, and its
 * ports a moment later.
 */
export async function hasEnded(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (isLeft(pid)) {
    if (Date.now() > deadline) return false
    await delay(pollIntervalMs)
  }
  return true
}

/** A zombie has ended, as soon as none of its threads is left. */
function isLeft(pid: number): boolean {
  try {
    if (process.platform === 'linux') {
      const isZombie = / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, ''))
      return !isZombie || readdirSync(`/proc/${pid}/task`).length > 1
    }
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' })
    return !state.trim().startsWith('Z')
  } catch {
    return false
  }
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
