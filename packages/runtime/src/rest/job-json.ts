import type { JobHandle, VertexMetrics } from '../cluster/job-handle.ts'
import { isTerminal } from '../cluster/job-status.ts'

const subtaskStates = [
  'CREATED',
  'SCHEDULED',
  'DEPLOYING',
  'INITIALIZING',
  'RUNNING',
  'FINISHED',
  'CANCELING',
  'CANCELED',
  'FAILED',
  'RECONCILING',
] as const

/** One job of `/jobs/overview`. */
export function jobDetailsJson(handle: JobHandle, nowMs: number): Readonly<Record<string, unknown>> {
  const counts = taskCounts(handle.metrics().vertices)
  const tasks = Object.fromEntries(Object.entries(counts).map(([state, count]) => [state.toLowerCase(), count]))
  return {
    jid: handle.id,
    name: handle.name,
    jobType: 'STREAMING',
    schedulerType: 'Default',
    ...times(handle, nowMs),
    state: handle.status,
    // Of the changes of state, the handle knows the first and the last.
    'last-modification': handle.endTimeMs ?? handle.startTimeMs,
    tasks: { total: sum(Object.values(counts)), ...tasks },
    'pending-operators': 0,
  }
}

/** `/jobs/:jobId`, as far as the handle of a job knows it: what it does not know is left out. */
export function jobJson(handle: JobHandle, nowMs: number): Readonly<Record<string, unknown>> {
  const { vertices } = handle.metrics()
  return {
    jid: handle.id,
    'application-id': handle.id,
    name: handle.name,
    isStoppable: false,
    state: handle.status,
    'job-type': 'STREAMING',
    schedulerType: 'Default',
    ...times(handle, nowMs),
    now: nowMs,
    restarts: handle.restarts,
    'status-counts': taskCounts(vertices),
    'pending-operators': 0,
    vertices: vertices.map(vertexJson),
  }
}

/** `/jobs/:jobId/execution-result`. */
export function executionResultJson(handle: JobHandle, failure: unknown): Readonly<Record<string, unknown>> {
  if (!isTerminal(handle.status)) return { status: { id: 'IN_PROGRESS' } }
  const endMs = handle.endTimeMs ?? handle.startTimeMs
  return {
    status: { id: 'COMPLETED' },
    'job-execution-result': {
      id: handle.id,
      name: handle.name,
      'application-status':
        handle.status === 'FINISHED' ? 'SUCCEEDED' : handle.status === 'FAILED' ? 'FAILED' : 'CANCELED',
      'accumulator-results': {},
      'net-runtime': endMs - handle.startTimeMs,
      'application-id': handle.id,
      'start-time': handle.startTimeMs,
      'end-time': endMs,
      ...(failure !== undefined && { 'failure-cause': failure }),
    },
  }
}

function times(handle: JobHandle, nowMs: number): Readonly<Record<string, number>> {
  return {
    'start-time': handle.startTimeMs,
    'end-time': handle.endTimeMs ?? -1,
    duration: (handle.endTimeMs ?? nowMs) - handle.startTimeMs,
  }
}

function vertexJson(vertex: VertexMetrics): Readonly<Record<string, unknown>> {
  return {
    name: vertex.name,
    parallelism: vertex.parallelism,
    tasks: taskCounts([vertex]),
    metrics: {
      'read-bytes': vertex.bytesIn,
      'read-bytes-complete': true,
      'write-bytes': vertex.bytesOut,
      'write-bytes-complete': true,
      'read-records': vertex.recordsIn,
      'read-records-complete': true,
      'write-records': vertex.recordsOut,
      'write-records-complete': true,
      'accumulated-backpressured-time': Math.round(vertex.backPressuredMs),
      'accumulated-idle-time': Math.round(vertex.idleMs),
      'accumulated-busy-time': vertex.busyMs,
    },
  }
}

/** Every state has its number, 0 if no subtask has it. */
function taskCounts(vertices: readonly VertexMetrics[]): Record<string, number> {
  const countOf = (state: string): number => sum(vertices.map((vertex) => vertex.subtaskStates[state] ?? 0))
  return Object.fromEntries(subtaskStates.map((state) => [state, countOf(state)]))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
