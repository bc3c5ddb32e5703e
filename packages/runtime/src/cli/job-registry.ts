import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { messageOf } from '../base/message-of.ts'
import type { ProcessTable } from '../cluster/process-table.ts'
import { CommandError } from './command-error.ts'
import { type RegisteredJob, readRegisteredJob, writeRegisteredJob } from './registered-job.ts'

/** So many jobs that have ended are remembered. */
export const historyMax = 50

/** Where jobs of this user are registered: `MILLRACE_HOME`, else `millrace` in the directory for state of programs. */
export function registryDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const { MILLRACE_HOME: home = '', XDG_STATE_HOME: state = '' } = env
  if (home !== '') return join(home, 'jobs')
  // By its specification a relative one is not meant.
  return join(isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'millrace', 'jobs')
}

/**
 * The jobs of this user on this machine, a file for each. Only the user can read them, for who has the token of a job can
 * command it. An entry whose process is gone has nothing to say any more, and is removed by whoever sees it.
 */
export class JobRegistry {
  readonly directory: string
  readonly #processes: ProcessTable

  constructor(directory: string, processes: ProcessTable) {
    this.directory = directory
    this.#processes = processes
  }

  /** Adds a job of this process, or replaces what was said of it. */
  async put(job: Omit<RegisteredJob, 'host' | 'pid' | 'startedAt'>): Promise<void> {
    const { host, pid, startedAt } = this.#processes
    await this.#attempt('write', async () => {
      await mkdir(this.directory, { recursive: true, mode: 0o700 })
      await chmod(this.directory, 0o700)
      const path = this.#pathOf(job.id)
      const unfinished = `${path}.${randomBytes(4).toString('hex')}.tmp`
      try {
        await writeFile(unfinished, writeRegisteredJob({ ...job, host, pid, startedAt }), { mode: 0o600, flag: 'wx' })
        await rename(unfinished, path)
      } finally {
        await rm(unfinished, { force: true })
      }
    })
    await this.list()
  }

  /** All jobs of this machine, those that run and those that have ended, by the time of their start. */
  async list(): Promise<readonly RegisteredJob[]> {
    return await this.#attempt('read', async () => {
      const jobs = (await this.#readAll()).filter(({ host }) => host === this.#processes.host)
      const isThere = (job: RegisteredJob): boolean =>
        job.endTimeMs !== undefined || this.#processes.isAlive(job.pid, job.startedAt)
      const history = jobs
        .filter(({ endTimeMs }) => endTimeMs !== undefined)
        .sort((a, b) => b.endTimeMs! - a.endTimeMs!)
        .slice(historyMax)
      const swept = new Set([...history, ...jobs.filter((job) => !isThere(job))])
      for (const { id } of swept) await rm(this.#pathOf(id), { force: true })
      return jobs.filter((job) => !swept.has(job)).sort((a, b) => a.startTimeMs - b.startTimeMs)
    })
  }

  async #readAll(): Promise<readonly RegisteredJob[]> {
    const names = await ifThere(() => readdir(this.directory))
    const jobs: RegisteredJob[] = []
    for (const name of names ?? []) {
      if (!name.endsWith('.json')) continue
      const text = await ifThere(() => readFile(join(this.directory, name), 'utf8'))
      const job = text === undefined ? undefined : readRegisteredJob(text)
      // What is not ours to read is not ours to remove.
      if (job !== undefined && name === `${job.id}.json`) jobs.push(job)
    }
    return jobs
  }

  #pathOf(id: string): string {
    return join(this.directory, `${id}.json`)
  }

  async #attempt<T>(verb: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      const { directory } = this
      const reason = messageOf(error)
      throw new CommandError(
        'REGISTRY_FAILED',
        `Cannot ${verb} the jobs registered in ${directory}: ${reason}`,
        { directory, hint: 'set MILLRACE_HOME to a directory of your own' },
        { cause: error },
      )
    }
  }
}

async function ifThere<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
