import { assert } from '../base/assert.ts'

/** The key groups `start .. end`, both included, as in Flink. */
export interface KeyGroupRange {
  readonly start: number
  readonly end: number
}

/** The key groups that a subtask owns. Over all subtasks the ranges cover `0 .. maxParallelism - 1` without overlap. */
export function keyGroupRangeForSubtask(
  subtaskIndex: number,
  maxParallelism: number,
  parallelism: number,
): KeyGroupRange {
  assert(
    parallelism <= maxParallelism && subtaskIndex < parallelism,
    () => `No key groups for subtask ${subtaskIndex} of ${parallelism} with max parallelism ${maxParallelism}`,
  )
  return {
    start: Math.ceil((subtaskIndex * maxParallelism) / parallelism),
    end: Math.ceil(((subtaskIndex + 1) * maxParallelism) / parallelism) - 1,
  }
}
