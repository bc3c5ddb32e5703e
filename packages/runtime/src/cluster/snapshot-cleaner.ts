import type { Logger } from '../base/logger.ts'
import { messageOf } from '../base/message-of.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import { disposeSnapshot } from './dispose-snapshot.ts'

/** Removes in the background what is needed no more. What cannot be removed is logged, and left. */
export class SnapshotCleaner {
  readonly #storage: SnapshotStorage
  readonly #logger: Logger
  readonly #underWay = new Set<Promise<void>>()

  constructor(storage: SnapshotStorage, logger: Logger) {
    this.#storage = storage
    this.#logger = logger
  }

  /** Removes a directory that this job made, once `after` has resolved. Resolves when that is done. Never rejects. */
  removeDirectory(path: string, after: Promise<unknown> = Promise.resolve()): Promise<void> {
    return this.#later(path, async () => {
      await after
      // Without its metadata it is no snapshot any more: one that is half removed is never taken for a whole one.
      await this.#storage.remove(`${path}/_metadata`)
      await this.#storage.remove(path)
    })
  }

  /** As `removeDirectory`, for a snapshot that somebody else made: leaves whatever else is in its directory. */
  dispose(path: string, after: Promise<unknown> = Promise.resolve()): Promise<void> {
    return this.#later(path, async () => {
      await after
      await disposeSnapshot(this.#storage, path)
    })
  }

  /** Removes a directory if nothing is left in it when all that was asked for so far is done. */
  removeIfEmpty(path: string): void {
    const others = this.settled()
    void this.#later(path, async () => {
      await others
      if ((await this.#storage.list(path)).length === 0) await this.#storage.remove(path)
    })
  }

  /** Resolves when all that was asked for so far is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay)
  }

  #later(path: string, action: () => Promise<void>): Promise<void> {
    const work = action().catch((error: unknown) => {
      this.#logger.warn('a snapshot that is needed no more could not be removed', {
        path,
        error: messageOf(error),
      })
    })
    this.#underWay.add(work)
    void work.then(() => this.#underWay.delete(work))
    return work
  }
}
