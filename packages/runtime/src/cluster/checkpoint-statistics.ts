import type { SubtaskCheckpointMetrics } from '../protocol/messages.ts'

/** What is known of the checkpoints of a job, as Flink's REST API tells it (/jobs/:id/checkpoints). Bounded. */
export interface CheckpointStatistics {
  readonly counts: {
    readonly restored: number
    readonly total: number
    readonly inProgress: number
    readonly completed: number
    readonly failed: number
  }
  /** Newest first; at most ten. */
  readonly history: readonly CheckpointStatisticsEntry[]
  readonly latestCompleted: CheckpointStatisticsEntry | undefined
  readonly latestSavepoint: CheckpointStatisticsEntry | undefined
  readonly latestFailed: CheckpointStatisticsEntry | undefined
  readonly latestRestored: RestoredCheckpointStatistics | undefined
}

export interface CheckpointStatisticsEntry {
  readonly checkpointId: number
  readonly status: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED'
  readonly isSavepoint: boolean
  readonly triggerTimestampMs: number
  /** Of the latest acknowledgement; undefined before the first. */
  readonly latestAckTimestampMs: number | undefined
  /** From the trigger to the end, or until now. */
  readonly durationMs: number
  readonly stateBytes: number
  readonly subtaskCount: number
  readonly acknowledgedCount: number
  /** Of a complete one that is kept on disk. */
  readonly path: string | undefined
  readonly failureMessage: string | undefined
  readonly vertices: readonly VertexCheckpointStatistics[]
}

export interface VertexCheckpointStatistics {
  readonly vertexId: string
  readonly vertexName: string
  /** By subtask; undefined: not acknowledged (yet), or the subtask had finished. */
  readonly subtasks: readonly (SubtaskCheckpointStatistics | undefined)[]
}

export interface SubtaskCheckpointStatistics extends SubtaskCheckpointMetrics {
  readonly ackTimestampMs: number
}

export interface RestoredCheckpointStatistics {
  readonly checkpointId: number
  readonly restoreTimestampMs: number
  readonly isSavepoint: boolean
  readonly path: string | undefined
}
