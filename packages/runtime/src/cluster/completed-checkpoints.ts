import type { CheckpointSettings, CompletedSnapshot } from './checkpoint-coordinator-parts.ts'

/** How a job ends, as to its checkpoints. `SUSPENDED`: it is to be continued by somebody else. */
export type CheckpointedJobEnd = 'FINISHED' | 'CANCELED' | 'FAILED' | 'SUSPENDED'

/** `job`: this job made it, and removes it. `claimed`: another made it, and this one removes it. */
export type SnapshotOwner = 'job' | 'claimed' | 'user'

export interface KeptSnapshot {
  readonly snapshot: CompletedSnapshot
  readonly owner: SnapshotOwner
}

/** Which ends remove checkpoints, with Flink's meaning of each policy. What is suspended is always kept. */
const removedAt = {
  RETAIN_ON_CANCELLATION: ['FINISHED'],
  DELETE_ON_CANCELLATION: ['FINISHED', 'CANCELED'],
  NO_EXTERNALIZED_CHECKPOINTS: ['FINISHED', 'CANCELED', 'FAILED'],
} as const satisfies Record<CheckpointSettings['retention'], readonly CheckpointedJobEnd[]>

/**
 * The snapshots that a restart may begin from. The newest is never given up before there is a newer one; those that are
 * given up are answered, for the caller to remove.
 */
export class CompletedCheckpoints {
  readonly #retainedCount: number
  readonly #retention: CheckpointSettings['retention']
  /** By checkpoint id, ascending. At most `retainedCount` of the job's own, and those added since the last checkpoint. */
  #kept: readonly KeptSnapshot[] = []

  constructor({ retainedCount, retention }: Pick<CheckpointSettings, 'retainedCount' | 'retention'>) {
    this.#retainedCount = retainedCount
    this.#retention = retention
  }

  latest(): CompletedSnapshot | undefined {
    return this.#kept.at(-1)?.snapshot
  }

  /** A snapshot that a restart begins from, but that makes no other superfluous: a savepoint, or one that was restored. */
  add(snapshot: CompletedSnapshot, owner: SnapshotOwner): void {
    const { checkpointId } = snapshot.metadata
    if (this.#kept.some((each) => each.snapshot.metadata.checkpointId === checkpointId)) return
    this.#kept = [...this.#kept, { snapshot, owner }].sort(
      (a, b) => a.snapshot.metadata.checkpointId - b.snapshot.metadata.checkpointId,
    )
  }

  /** A checkpoint is complete. Answers those that it makes superfluous. */
  addCheckpoint(snapshot: CompletedSnapshot): readonly KeptSnapshot[] {
    this.add(snapshot, 'job')
    const owned = this.#kept.filter(({ owner }) => owner !== 'user')
    const superfluous = new Set(owned.slice(0, -this.#retainedCount))
    // What others keep is of no use here once there is a newer one.
    this.#kept = this.#kept.filter(
      (each, i) => !superfluous.has(each) && (each.owner !== 'user' || i === this.#kept.length - 1),
    )
    return [...superfluous]
  }

  /** The job has ended. Answers what is not to outlive it. */
  end(status: CheckpointedJobEnd): readonly KeptSnapshot[] {
    const ends: readonly CheckpointedJobEnd[] = removedAt[this.#retention]
    if (!ends.includes(status)) return []
    const removed = this.#kept.filter(({ owner }) => owner !== 'user')
    this.#kept = this.#kept.filter(({ owner }) => owner === 'user')
    return removed
  }
}
