import type { CheckpointStatistics } from './checkpoint-statistics.ts'
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
  /** When the job was submitted, since the epoch. */
  readonly startTimeMs: number
  /** When it ended; undefined while it has not. */
  readonly endTimeMs: number | undefined
  /** How many attempts have been started anew after a failure or for another parallelism. */
  readonly restarts: number
  checkpoints(): CheckpointStatistics
  /**
   * Takes a savepoint while the job goes on. Resolves with its directory, which is new.
   *
   * @param directory - where to make it; omit for `execution.checkpointing.savepoint-dir`.
   * @throws ClusterError `NO_SAVEPOINT_DIRECTORY`, `SAVEPOINT_FAILED` (the job goes on), `JOB_NOT_RUNNING`.
   */
  triggerSavepoint(directory?: string): Promise<string>
  /** Takes a checkpoint now. Resolves with its id. */
  triggerCheckpoint(): Promise<number>
  /**
   * Takes a savepoint and ends the job in order: status FINISHED. Sources stop; with `drain` operators first emit what they
   * hold back, as at the end of their input. If the savepoint fails the job goes on (after `drain`: is restarted).
   *
   * @throws as `triggerSavepoint`.
   */
  stopWithSavepoint(options?: StopOptions): Promise<string>
  /**
   * Restarts the job at another parallelism of its environment, from a snapshot taken now.
   *
   * @throws ClusterError `RESCALE_REFUSED` before anything is stopped; `RESCALE_FAILED` if the job runs at the old
   *   parallelism again because it could not be started at the new one.
   */
  rescale(parallelism: number): Promise<RescaleResult>
}

export interface StopOptions {
  readonly directory?: string | undefined
  readonly drain?: boolean
}

/** What a change of parallelism did. */
export interface RescaleResult {
  /** From the request until all subtasks ran again. */
  readonly durationMs: number
  readonly vertices: readonly RescaledVertex[]
  /** Names of operators that keep the parallelism that code sets on them. */
  readonly unchangedOperators: readonly string[]
}

export interface RescaledVertex {
  readonly name: string
  readonly before: VertexScale
  readonly after: VertexScale
}

export interface VertexScale {
  readonly parallelism: number
  /** Of a vertex with keyed state, by subtask: first and last. */
  readonly keyGroupRanges: readonly (readonly [number, number])[] | undefined
  /** By subtask. */
  readonly stateBytes: readonly number[]
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

/** Of all subtasks of a vertex together. Counts are since the start. */
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
  /** The users' counters and gauges: `operator name.counter name` -> sum, or what else a gauge asks for. */
  readonly counters: Readonly<Record<string, number>>
  /** The names of those that are gauges: they tell how things stand, not what has been done. */
  readonly gauges?: readonly string[]
}
