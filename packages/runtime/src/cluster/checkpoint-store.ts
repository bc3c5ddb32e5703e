import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import type { CheckpointSettings, CompletedSnapshot } from './checkpoint-coordinator-parts.ts'
import type { CheckpointRequest } from './checkpoint-request.ts'
import { type CheckpointedJobEnd, CompletedCheckpoints, type KeptSnapshot } from './completed-checkpoints.ts'
import type { PendingCheckpoint } from './pending-checkpoint.ts'
import { SnapshotCleaner } from './snapshot-cleaner.ts'

export interface CheckpointStoreParts {
  readonly settings: CheckpointSettings
  readonly storage: SnapshotStorage
  readonly clock: Clock
  readonly logger: Logger
}

/** So long a job that ends or starts anew waits at most for the removal of checkpoints. */
const REMOVAL_TIMEOUT_MS = 30_000

/** What is kept of the checkpoints of a job: in memory what a restart may begin from, and in the storage no more than that. */
export class CheckpointStore {
  readonly #parts: CheckpointStoreParts
  readonly #completed: CompletedCheckpoints
  readonly #cleaner: SnapshotCleaner
  /** When all completed ones that were to go are gone. Never rejects. */
  #removed: Promise<void> = Promise.resolve()

  constructor(parts: CheckpointStoreParts) {
    this.#parts = parts
    this.#completed = new CompletedCheckpoints(parts.settings)
    this.#cleaner = new SnapshotCleaner(parts.storage, parts.logger)
  }

  latest(): CompletedSnapshot | undefined {
    return this.#completed.latest()
  }

  /** An attempt began from it. `isClaimed`: the job owns it from now on. */
  restored(snapshot: CompletedSnapshot, isClaimed: boolean): void {
    this.#completed.add(snapshot, isClaimed ? 'claimed' : 'user')
  }

  /** It is complete. Answers the removal of what it makes superfluous, which is for later: when everyone knows of it. */
  completed({ kind, stop, isOwned }: CheckpointRequest, snapshot: CompletedSnapshot): () => void {
    if (kind === 'checkpoint') {
      const superfluous = this.#completed.addCheckpoint(snapshot)
      return () => this.#remove(superfluous)
    }
    if (stop !== 'none' || isOwned) this.#completed.add(snapshot, isOwned ? 'job' : 'user')
    return () => {}
  }

  /** It failed: nothing of it stays. */
  failed({ directory, worked }: PendingCheckpoint): void {
    if (directory !== undefined) void this.#cleaner.removeDirectory(directory, worked)
  }

  /**
   * The job has ended: removes what is not to outlive it, and `jobDirectory` if nothing is left in it. Resolves when that is
   * done, or takes too long. Never rejects.
   */
  async end(status: CheckpointedJobEnd, jobDirectory: string | undefined): Promise<void> {
    this.#remove(this.#completed.end(status))
    if (jobDirectory !== undefined && status !== 'SUSPENDED') this.#cleaner.removeIfEmpty(jobDirectory)
    await this.settled()
  }

  /** Resolves when what is to be removed has been, or takes too long. Never rejects. */
  async settled(): Promise<void> {
    const { clock, logger, settings } = this.#parts
    const timeout = Promise.withResolvers<void>()
    const timeoutMs = Math.min(settings.timeoutMs, REMOVAL_TIMEOUT_MS)
    const cancelTimer = clock.schedule(timeoutMs, () => {
      logger.warn(`checkpoints could not be removed within ${timeoutMs} ms, and are left`, {
        directory: settings.directory,
      })
      timeout.resolve()
    })
    await Promise.race([this.#cleaner.settled(), timeout.promise])
    cancelTimer()
  }

  /**
   * The oldest first, one after the other: a process that dies meanwhile leaves the newest. Whoever resumes from an older one would
   * write again what was committed with those after it.
   */
  #remove(kept: readonly KeptSnapshot[]): void {
    for (const { snapshot, owner } of kept) {
      if (snapshot.path === undefined) continue
      this.#removed =
        owner === 'claimed'
          ? this.#cleaner.dispose(snapshot.path, this.#removed)
          : this.#cleaner.removeDirectory(snapshot.path, this.#removed)
    }
  }
}
