import type { Committer } from '../connector/sink.ts'
import type { OperatorListState } from '../state/state.ts'

/** What one `prepareCommit` answered, until the checkpoint that it belongs to is complete. */
export interface PreparedCommit {
  readonly checkpointId: number
  readonly committables: readonly unknown[]
}

/**
 * The committables of one sink's subtask, in order of checkpoints. A commit is kept in the snapshots until it is done, so
 * one that fails, or is cut short, is repeated by the next attempt.
 */
export class SinkCommits {
  readonly #committer: Committer
  readonly #state: OperatorListState<PreparedCommit>
  #prepared: PreparedCommit[]
  /** Calls of the committer never overlap. Never rejects. */
  #last: Promise<void> = Promise.resolve()

  /** `state` holds what was prepared before the job was restored. */
  constructor(committer: Committer, state: OperatorListState<PreparedCommit>) {
    this.#committer = committer
    this.#state = state
    this.#prepared = state.get().toSorted((a, b) => a.checkpointId - b.checkpointId)
  }

  prepare(checkpointId: number, committables: readonly unknown[]): void {
    if (committables.length > 0) this.#prepared.push({ checkpointId, committables })
  }

  /** Puts into the state what is not committed yet. */
  snapshot(): void {
    this.#state.update(this.#prepared)
  }

  /** Commits what belongs to checkpoints up to this one, in order. Rejects with the first failure. */
  commit(checkpointIdMax: number): Promise<void> {
    const commit = this.#last.then(() => this.#commitNow(checkpointIdMax))
    this.#last = commit.catch(() => {})
    return commit
  }

  async close(): Promise<void> {
    await this.#last
    await this.#committer.close?.()
  }

  async #commitNow(checkpointIdMax: number): Promise<void> {
    for (let first = this.#prepared[0]; first !== undefined; first = this.#prepared[0]) {
      if (first.checkpointId > checkpointIdMax) return
      await this.#committer.commit(first.committables)
      this.#prepared = this.#prepared.slice(1)
    }
  }
}
