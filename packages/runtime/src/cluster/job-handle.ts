import type { JobStatus } from './job-status.ts'

/** A running or ended job, as the program that started it sees it. `await using` cancels it if it still runs. */
export interface JobHandle extends AsyncDisposable {
  /** 32 hex digits. */
  readonly id: string
  readonly name: string
  readonly status: JobStatus
  /**
   * Resolves when every thread has ended: with the summary if the job finished or was canceled;
   * rejects with the first cause if it failed.
   */
  readonly result: Promise<JobResult>
  /** What `collect(name)` has taken so far, in order of arrival. Throws if the job has no such sink. */
  collected<T = unknown>(name: string): readonly T[]
  /** Stops the job in order: functions are closed. Resolves when every thread has ended. */
  cancel(): Promise<void>
  /** A reading of the job's counters; cheap enough for several a second. */
  metrics(): JobMetrics
}

/** How a job ended, unless it failed. */
export interface JobResult {
  readonly status: 'FINISHED' | 'CANCELED'
  readonly durationMs: number
  readonly metrics: JobMetrics
}

/** A reading of the counters of a job. */
export interface JobMetrics {
  readonly status: JobStatus
  /** Since the job started to run. */
  readonly elapsedMs: number
  readonly vertices: readonly VertexMetrics[]
}

/** Sums over the subtasks of a vertex. Counts are since the start. */
export interface VertexMetrics {
  readonly name: string
  readonly parallelism: number
  /** Records taken from the network, or read by the source. */
  readonly recordsIn: number
  /** Records given to the network, or to a sink's writer. */
  readonly recordsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  /** Of each subtask's time: working; waiting for output; waiting for input. */
  readonly busyMs: number
  readonly backPressuredMs: number
  readonly idleMs: number
  /** Number of subtasks in each state. */
  readonly subtaskStates: Readonly<Record<string, number>>
  /** The users' counters: `operator name.counter name` -> sum. */
  readonly counters: Readonly<Record<string, number>>
}
