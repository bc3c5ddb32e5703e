import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import { isFinished, obstacleToCheckpoint } from './attempt-progress.ts'
import { barrierStarts } from './barrier-starts.ts'
import type { EndingSubtasks } from './ending-subtasks.ts'
import { EnumeratorSnapshots } from './enumerator-snapshots.ts'
import type { PendingCheckpoint } from './pending-checkpoint.ts'

export interface CheckpointTriggerParts {
  readonly storage: SnapshotStorage
  readonly ending: EndingSubtasks
  readonly inlineBytesMax: number
}

/** What comes before a barrier: a directory, and the states of the enumerators. Then the subtasks are told. */
export class CheckpointTrigger {
  readonly #parts: CheckpointTriggerParts
  readonly #enumerators = new EnumeratorSnapshots()

  constructor(parts: CheckpointTriggerParts) {
    this.#parts = parts
  }

  newAttempt(): void {
    this.#enumerators.reset()
  }

  /**
   * Triggers the checkpoint, unless it ends before. Answers what is in the way, if anything is: then no subtask was told.
   * One call at a time.
   */
  async send(pending: PendingCheckpoint): Promise<string | undefined> {
    const { attempt, directory } = pending
    if (directory !== undefined) await pending.working(this.#parts.storage.makeDirectory(directory))
    const coordinators = await this.#enumerators.take(pending)
    if (coordinators === undefined) return undefined
    try {
      const obstacle = obstacleToCheckpoint(attempt)
      if (obstacle === undefined) this.#tellSubtasks(pending, coordinators)
      return obstacle
    } finally {
      // What was held back goes to the readers behind the trigger.
      attempt.releaseEnumerators()
    }
  }

  #tellSubtasks(pending: PendingCheckpoint, coordinators: ReadonlyMap<string, Uint8Array>): void {
    const { attempt, request, checkpointId, timestampMs, directory } = pending
    const { ending, inlineBytesMax } = this.#parts
    const starts = barrierStarts(attempt.jobGraph, {
      isFinished: (subtask) => isFinished(attempt, subtask),
      hasEndedOutput: (subtask) => isFinished(attempt, subtask) || ending.hasEndedOutput(subtask),
    })
    pending.trigger(coordinators, (subtask) => isFinished(attempt, subtask))
    attempt.triggerCheckpoint({ checkpointId, timestampMs, directory, inlineBytesMax, stop: request.stop }, starts)
  }
}
