import type { JobGraph } from '../../graph/job-graph.ts'
import type { CheckpointOptions, SubtaskAddress } from '../../protocol/messages.ts'
import type { SubtaskState } from '../../protocol/subtask-state.ts'
import { subtasksOf } from '../attempt-progress.ts'
import type { CheckpointedAttempt } from '../checkpoint-coordinator-parts.ts'

/** An attempt whose subtasks do nothing of themselves: a test says how they are, and sees what they are told. */
export class FakeAttempt implements CheckpointedAttempt {
  readonly jobGraph: JobGraph
  /** What it was told, in order. */
  readonly told: string[] = []
  readonly triggered: CheckpointOptions[] = []
  /** With what it was told to fail. */
  failure: Error | undefined
  /** Called by `fail`. */
  onFail: (error: Error) => void = () => {}
  /** What enumerators answer. */
  onSnapshotEnumerators: (checkpointId: number) => Promise<ReadonlyMap<string, Uint8Array>> = async () => new Map()
  readonly #states = new Map<string, SubtaskState>()

  constructor(jobGraph: JobGraph) {
    this.jobGraph = jobGraph
  }

  set(subtask: SubtaskAddress, state: SubtaskState): void {
    this.#states.set(keyOf(subtask), state)
  }

  stateOf(subtask: SubtaskAddress): SubtaskState {
    return this.#states.get(keyOf(subtask)) ?? 'RUNNING'
  }

  /** All that have not ended. */
  running(): SubtaskAddress[] {
    return [...subtasksOf(this.jobGraph)].filter((subtask) => this.stateOf(subtask) === 'RUNNING')
  }

  triggerCheckpoint(checkpoint: CheckpointOptions, subtasks: readonly SubtaskAddress[]): void {
    this.triggered.push(checkpoint)
    this.told.push(`trigger ${checkpoint.checkpointId} at ${subtasks.map(keyOf).join(' ')}`)
  }

  abortCheckpoint(checkpointId: number): void {
    this.told.push(`abort ${checkpointId}`)
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.told.push(`complete ${checkpointId}`)
  }

  snapshotEnumerators(checkpointId: number): Promise<ReadonlyMap<string, Uint8Array>> {
    this.told.push(`hold ${checkpointId}`)
    return this.onSnapshotEnumerators(checkpointId)
  }

  releaseEnumerators(): void {
    this.told.push('release')
  }

  fail(error: unknown): void {
    if (!(error instanceof Error)) throw new TypeError('an attempt fails with an Error')
    this.failure ??= error
    this.told.push('fail')
    this.onFail(error)
  }
}

function keyOf({ vertexIndex, subtaskIndex }: SubtaskAddress): string {
  return `${vertexIndex}/${subtaskIndex}`
}
