import { ClusterError } from './cluster-error.ts'

/** How a checkpoint failed. */
export interface CheckpointFailure {
  readonly reason: string
  readonly cause?: unknown
  /** Against the failures that are tolerable: something is wrong, and may be so the next time. */
  readonly counts: boolean
  /** Nothing is wrong; somebody who waits for it has it taken again. */
  readonly again: boolean
}

/** Counts checkpoints that fail one after the other. After Flink's CheckpointFailureManager. */
export class CheckpointFailures {
  readonly #tolerable: number
  #count = 0
  #latestFailed = false

  constructor(tolerable: number) {
    this.#tolerable = tolerable
  }

  /** Whether a checkpoint failed, and none has been complete since, in this attempt. */
  get latestFailed(): boolean {
    return this.#latestFailed
  }

  /** What to fail the attempt with; undefined if it is tolerable. */
  failed(error: ClusterError): ClusterError | undefined {
    this.#latestFailed = true
    this.#count++
    if (this.#count <= this.#tolerable) return undefined
    this.#count = 0
    return new ClusterError(
      'CHECKPOINT_FAILED',
      `More checkpoints failed than execution.checkpointing.tolerable-failed-checkpoints allows (${this.#tolerable}): ${error.message}`,
      { ...error.facts, tolerableFailures: this.#tolerable },
      { cause: error },
    )
  }

  completed(): void {
    this.#latestFailed = false
    this.#count = 0
  }

  /** The count goes on. */
  newAttempt(): void {
    this.#latestFailed = false
  }
}
