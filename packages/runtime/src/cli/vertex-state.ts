import type { VertexMetrics } from '../cluster/job-handle.ts'

/** The state of a subtask that decides how its vertex is shown: the first of these that any subtask has. */
const decisive = ['FAILED', 'CANCELING', 'CANCELED', 'CREATED', 'SCHEDULED', 'DEPLOYING', 'INITIALIZING', 'RUNNING']

/** One word for the states of all subtasks of a vertex. */
export function vertexState({ subtaskStates }: VertexMetrics): string {
  const present = Object.keys(subtaskStates).filter((state) => subtaskStates[state]! > 0)
  return decisive.find((state) => present.includes(state)) ?? present[0] ?? 'CREATED'
}
