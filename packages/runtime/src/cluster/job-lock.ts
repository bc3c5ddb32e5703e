import { createHash } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { ClusterError } from './cluster-error.ts'
import type { LockFiles } from './lock-files.ts'
import { isGone, type LockOwner, readOwner, writeOwner } from './lock-owner.ts'
import type { ProcessTable } from './process-table.ts'

export interface JobLockParts {
  /** Where the checkpoints are. It is made if it does not exist. */
  readonly directory: string
  readonly jobName: string
  readonly jobId: string
  readonly files: LockFiles
  readonly processes: ProcessTable
  readonly clock: Clock
  readonly logger: Logger
}

/** So often a lock is touched, for those who cannot see its owner's process. */
const HEARTBEAT_MS = 10_000
/** Others may be faster, and owners may go, while we look: so many attempts, with a pause between them. */
const ATTEMPTS_MAX = 20
const PAUSE_MS = 50

/**
 * Holds a directory of checkpoints for one run of a job: two that write there, and resume from there, would take each other's
 * checkpoints. The lock is a file that names its owner. It outlives an owner that was killed, and is then taken over.
 */
export class JobLock {
  readonly path: string
  readonly #parts: JobLockParts
  readonly #text: string
  #stopHeartbeat: () => void = () => {}
  #isReleased = false

  private constructor(path: string, text: string, parts: JobLockParts) {
    this.path = path
    this.#text = text
    this.#parts = parts
    this.#scheduleHeartbeat()
  }

  /**
   * @throws ClusterError `JOB_ALREADY_RUNS` if the lock has a live owner, `LOCK_FAILED` if it cannot be made.
   */
  static async acquire(parts: JobLockParts): Promise<JobLock> {
    const { files, jobId, jobName, processes, clock } = parts
    const path = lockPath(parts)
    const { host, pid, startedAt } = processes
    const text = writeOwner({ jobId, jobName, host, pid, startedAt, sinceMs: clock.now() })
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (await files.create(path, text)) return new JobLock(path, text, parts)
      const owner = await removeIfGone(path, text, parts)
      if (owner === undefined) continue
      if (owner !== 'busy') throw alreadyRuns(jobName, path, owner)
      await new Promise<void>((resolve) => void clock.schedule(PAUSE_MS, resolve))
    }
    throw new ClusterError(
      'LOCK_FAILED',
      `Cannot take the lock ${path} of job "${jobName}" in ${ATTEMPTS_MAX} attempts: other runs of it come and go. Try again; ` +
        'if none runs, remove the file',
      { path, jobName },
    )
  }

  /** Removes the lock, if it is still ours. */
  async release(): Promise<void> {
    if (this.#isReleased) return
    this.#isReleased = true
    this.#stopHeartbeat()
    if (await this.#isOurs()) await this.#parts.files.remove(this.path)
  }

  #scheduleHeartbeat(): void {
    this.#stopHeartbeat = this.#parts.clock.schedule(HEARTBEAT_MS, () => {
      this.#beat().catch((error: unknown) => {
        this.#parts.logger.warn('The lock of the job could not be touched', { path: this.path, error: String(error) })
      })
    })
  }

  async #beat(): Promise<void> {
    const { files, clock, logger } = this.#parts
    const isOurs = await this.#isOurs()
    if (this.#isReleased) return
    if (!isOurs) {
      logger.warn('The lock of the job was removed or taken over: another run may use its checkpoints', {
        path: this.path,
      })
      return
    }
    this.#scheduleHeartbeat()
    await files.touch(this.path, clock.now())
  }

  async #isOurs(): Promise<boolean> {
    return (await this.#parts.files.read(this.path))?.text === this.#text
  }
}

/** One a job name; the hash tells apart those whose letters do not all fit into a file's name. */
function lockPath({ directory, jobName }: JobLockParts): string {
  const letters = jobName.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40)
  const hash = createHash('sha256').update(jobName).digest('hex').slice(0, 12)
  return `${directory}/job-${letters}-${hash}.lock`
}

/** Answers the owner if it is not gone; undefined if there is no lock any more; `busy` if that is being decided. */
async function removeIfGone(path: string, text: string, parts: JobLockParts): Promise<LockOwner | 'busy' | undefined> {
  const { files, processes, clock, logger } = parts
  const lock = await files.read(path)
  if (lock === undefined) return undefined
  const owner = readOwner(lock.text)
  if (!isGone(owner, lock, processes, clock.now())) return owner ?? 'busy'
  // Of two that find the same owner gone, the second must not remove the lock that the first has made meanwhile: so only
  // who holds the takeover removes, after another look.
  const takeover = `${path}.takeover`
  if (!(await files.create(takeover, text))) {
    await removeDeadTakeover(takeover, parts)
    return 'busy'
  }
  try {
    const now = await files.read(path)
    if (now?.text === lock.text) {
      await files.remove(path)
      logger.info('The lock of the job is taken over: the run that held it is gone', { path, jobId: owner?.jobId })
    }
    return undefined
  } finally {
    await files.remove(takeover)
  }
}

/** It is held for a moment only, unless its owner was killed within that moment. */
async function removeDeadTakeover(takeover: string, { files, processes, clock }: JobLockParts): Promise<void> {
  const file = await files.read(takeover)
  if (file !== undefined && isGone(readOwner(file.text), file, processes, clock.now())) await files.remove(takeover)
}

function alreadyRuns(jobName: string, path: string, owner: LockOwner): ClusterError {
  const { jobId, pid, host, sinceMs } = owner
  const since = new Date(sinceMs).toISOString()
  return new ClusterError(
    'JOB_ALREADY_RUNS',
    `Cannot run job "${jobName}": it runs already, as job ${jobId} in process ${pid} on ${host} since ${since}, and keeps its ` +
      `checkpoints in the same directory (lock ${path}). Cancel that one first, or give this one another name or another ` +
      'execution.checkpointing.dir',
    { jobName, jobId, pid, host, sinceMs, path },
  )
}
