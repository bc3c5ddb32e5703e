import type { JobGraph } from '../graph/job-graph.ts'
import type { SubtaskAddress } from '../protocol/messages.ts'
import type { CheckpointedAttempt } from './checkpoint-coordinator-parts.ts'

/** All subtasks of a job. */
export function* subtasksOf({ vertices }: JobGraph): Generator<SubtaskAddress> {
  for (const { index: vertexIndex, parallelism } of vertices) {
    for (let subtaskIndex = 0; subtaskIndex < parallelism; subtaskIndex++) yield { vertexIndex, subtaskIndex }
  }
}

/** Why no checkpoint of the attempt can be taken; undefined if nothing is in the way. */
export function obstacleToCheckpoint(attempt: CheckpointedAttempt): string | undefined {
  let running = 0
  for (const subtask of subtasksOf(attempt.jobGraph)) {
    const state = attempt.stateOf(subtask)
    if (state === 'RUNNING') running++
    else if (state !== 'FINISHED') return `${describeSubtask(attempt.jobGraph, subtask)} is ${state}`
  }
  return running === 0 ? 'all its subtasks have finished' : undefined
}

export function isFinished(attempt: CheckpointedAttempt, subtask: SubtaskAddress): boolean {
  return attempt.stateOf(subtask) === 'FINISHED'
}

export function hasFinishedSubtasks(attempt: CheckpointedAttempt): boolean {
  for (const subtask of subtasksOf(attempt.jobGraph)) if (isFinished(attempt, subtask)) return true
  return false
}

/** Whether somebody's input comes from the subtask. */
export function hasConsumers({ edges }: JobGraph, { vertexIndex }: SubtaskAddress): boolean {
  return edges.some(({ sourceVertex }) => sourceVertex === vertexIndex)
}

/** E.g. `subtask Map -> Filter (2/4)`. */
export function describeSubtask({ vertices }: JobGraph, { vertexIndex, subtaskIndex }: SubtaskAddress): string {
  const { name, parallelism } = vertices[vertexIndex]!
  return `subtask ${name} (${subtaskIndex + 1}/${parallelism})`
}
