import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'

/** What became of a job that was to run in the background. */
export type DetachedStart =
  | { readonly kind: 'submitted'; readonly jobId: string }
  /** It has ended before it was submitted. */
  | { readonly kind: 'ended'; readonly status: number }

export interface DetachedProcess {
  readonly start: Promise<DetachedStart>
  /** Ends it, if it has not been submitted yet. */
  abandon(): void
}

/** What a process in the background knows of being one. */
export interface DetachedSelf {
  /** The file that takes its output. */
  readonly log: string
  /** Tells the process in the foreground that the job can be found. */
  announce(jobId: string): void
}

const logVariable = 'MILLRACE_DETACHED_LOG'
const failedStatus = 1
/** So many logs are kept; those of running jobs are the newest, as they are written. */
const logsMax = 100

/**
 * Makes the empty log of a job in the background, in a directory of its own beside the jobs. What the job writes has no
 * bound but the disk's; the oldest logs are removed.
 */
export async function createLogFile(
  registryDirectory: string,
  nowMs: number,
  kept: ReadonlySet<string>,
): Promise<string> {
  const directory = join(registryDirectory, 'logs')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  await removeOldest(directory, kept)
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+Z$/g, '')
  const path = join(directory, `${time}-${randomBytes(3).toString('hex')}.log`)
  const file = await open(path, 'wx', 0o600)
  await file.close()
  return path
}

/** Starts this program again with the same arguments, apart from this terminal, with its output in `log`. */
export async function startDetached(argv: readonly string[], log: string): Promise<DetachedProcess> {
  const file = await open(log, 'a', 0o600)
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...argv], {
    detached: true,
    stdio: ['ignore', file.fd, file.fd, 'ipc'],
    env: { ...process.env, [logVariable]: log },
  })
  await file.close()
  const { promise, resolve, reject } = Promise.withResolvers<DetachedStart>()
  child.on('error', reject)
  child.on('message', (message) => {
    const { millraceJobId } = message as { readonly millraceJobId?: unknown }
    if (typeof millraceJobId !== 'string') return
    resolve({ kind: 'submitted', jobId: millraceJobId })
    child.disconnect()
    child.unref()
  })
  child.on('exit', (status) => resolve({ kind: 'ended', status: status ?? failedStatus }))
  return { start: promise, abandon: () => void child.kill('SIGKILL') }
}

/** Undefined in a process that was not started so. */
export function detachedSelf(): DetachedSelf | undefined {
  const log = process.env[logVariable]
  // A job may start further processes; they are not meant.
  delete process.env[logVariable]
  if (log === undefined || process.send === undefined) return undefined
  return {
    log,
    announce(jobId) {
      // Who has started us may have gone since.
      process.send?.({ millraceJobId: jobId }, undefined, {}, () => {
        if (process.connected) process.disconnect()
      })
    },
  }
}

async function removeOldest(directory: string, kept: ReadonlySet<string>): Promise<void> {
  const paths = (await readdir(directory)).map((name) => join(directory, name)).filter((path) => !kept.has(path))
  const times = await Promise.all(paths.map(async (path) => ({ path, timeMs: (await stat(path)).mtimeMs })))
  const old = times.sort((a, b) => b.timeMs - a.timeMs).slice(logsMax - 1)
  for (const { path } of old) await rm(path, { force: true })
}
