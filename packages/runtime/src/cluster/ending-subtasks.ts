import type { SubtaskAddress } from '../protocol/messages.ts'
import { subtaskKey } from './subtask-key.ts'

/**
 * Subtasks that have handled all their input, and end only when a checkpoint that was taken after it is complete: what
 * their sinks have written becomes visible by it.
 */
export class EndingSubtasks {
  readonly #states = new Map<number, { isAwaiting: boolean; hasEndedOutput: boolean }>()

  /** The subtask has sent the end into its channels, and says that it waits. */
  announced(subtask: SubtaskAddress): void {
    const state = this.#states.get(subtaskKey(subtask))
    if (state === undefined) this.#states.set(subtaskKey(subtask), { isAwaiting: true, hasEndedOutput: true })
    else state.hasEndedOutput = true
  }

  /** The subtask has taken a snapshot behind its last input; it waits for its completion, without saying so. */
  tookLastSnapshot(subtask: SubtaskAddress): void {
    if (this.#states.has(subtaskKey(subtask))) return
    this.#states.set(subtaskKey(subtask), { isAwaiting: true, hasEndedOutput: false })
  }

  /** Such a snapshot is complete, and the subtask is told: it is about to end. */
  committed(subtask: SubtaskAddress): void {
    const state = this.#states.get(subtaskKey(subtask))
    if (state !== undefined) state.isAwaiting = false
  }

  /** It has ended, or begins anew. */
  forget(subtask: SubtaskAddress): void {
    this.#states.delete(subtaskKey(subtask))
  }

  clear(): void {
    this.#states.clear()
  }

  /** Whether it waits for a checkpoint that nobody has taken yet. */
  isAwaiting(subtask: SubtaskAddress): boolean {
    return this.#states.get(subtaskKey(subtask))?.isAwaiting ?? false
  }

  hasEndedOutput(subtask: SubtaskAddress): boolean {
    return this.#states.get(subtaskKey(subtask))?.hasEndedOutput ?? false
  }

  get isEmpty(): boolean {
    return this.#states.size === 0
  }
}
