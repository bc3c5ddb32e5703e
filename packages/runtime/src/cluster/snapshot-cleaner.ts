import type { Logger } from '../base/logger.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import { disposeSnapshot } from './dispose-snapshot.ts'

/** Removes, in the background and in order, what is needed no more. What cannot be removed is logged, and left. */
export class SnapshotCleaner {
  readonly #storage: SnapshotStorage
  readonly #logger: Logger
  #work: Promise<void> = Promise.resolve()

  constructor(storage: SnapshotStorage, logger: Logger) {
    this.#storage = storage
    this.#logger = logger
  }

  /** Removes a directory that this job made, once `after` has resolved. */
  removeDirectory(path: string, after: Promise<unknown> = Promise.resolve()): void {
    this.#later(path, async () => {
      await after
      // Without its metadata it is no snapshot any more: one that is half removed is never taken for a whole one.
      await this.#storage.remove(`${path}/_metadata`)
      await this.#storage.remove(path)
    })
  }

  /** Removes a snapshot that somebody else made, and leaves whatever else is in its directory. */
  dispose(path: string): void {
    this.#later(path, async () => {
      await disposeSnapshot(this.#storage, path)
    })
  }

  /** Removes a directory if nothing is in it. */
  removeIfEmpty(path: string): void {
    this.#later(path, async () => {
      if ((await this.#storage.list(path)).length === 0) await this.#storage.remove(path)
    })
  }

  /** Resolves when all that was asked for so far is done. */
  settled(): Promise<void> {
    return this.#work
  }

  #later(path: string, action: () => Promise<void>): void {
    this.#work = this.#work.then(action).catch((error: unknown) => {
      this.#logger.warn('a snapshot that is needed no more could not be removed', {
        path,
        error: error instanceof Error ? error.message : String(error),
      })
    })
  }
}
