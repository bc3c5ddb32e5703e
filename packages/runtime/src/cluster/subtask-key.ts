import type { SubtaskAddress } from '../protocol/messages.ts'

/** No vertex has more subtasks: it is the highest parallelism. */
const SUBTASKS_MAX = 32_768

/** One number for each subtask of a job, for maps and sets. */
export function subtaskKey({ vertexIndex, subtaskIndex }: SubtaskAddress): number {
  return vertexIndex * SUBTASKS_MAX + subtaskIndex
}
