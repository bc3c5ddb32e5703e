import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import type { CheckpointOptions, SubtaskAddress } from '../protocol/messages.ts'
import type { SubtaskState } from '../protocol/subtask-state.ts'
import type { SnapshotMetadata } from '../snapshot/snapshot.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'

/** What the configuration says of checkpoints; defaults and meanings are Flink's. */
export interface CheckpointSettings {
  /** Undefined: the job takes none by itself. */
  readonly intervalMs: number | undefined
  readonly minPauseMs: number
  readonly timeoutMs: number
  readonly maxConcurrent: number
  readonly tolerableFailures: number
  readonly mode: 'EXACTLY_ONCE' | 'AT_LEAST_ONCE'
  readonly retention: 'RETAIN_ON_CANCELLATION' | 'DELETE_ON_CANCELLATION' | 'NO_EXTERNALIZED_CHECKPOINTS'
  readonly retainedCount: number
  /** `execution.checkpointing.dir`, absolute; undefined: checkpoints are kept in the coordinator's memory. */
  readonly directory: string | undefined
  /** `execution.checkpointing.savepoint-dir`, absolute. */
  readonly savepointDirectory: string | undefined
  /** `execution.checkpointing.data-inline-threshold`. */
  readonly inlineBytesMax: number
  /** `execution.checkpointing.checkpoints-after-tasks-finish`; undefined: true. */
  readonly afterTasksFinish?: boolean
}

/** A complete checkpoint or savepoint. */
export interface CompletedSnapshot {
  readonly metadata: SnapshotMetadata
  /** The directory that holds it, absolute; undefined: it is only in memory. */
  readonly path: string | undefined
}

/** One deployment of the job's subtasks, as the checkpoint coordinator sees it. */
export interface CheckpointedAttempt {
  readonly jobGraph: JobGraph
  stateOf(subtask: SubtaskAddress): SubtaskState
  /** To every slot, in order with all other messages. */
  triggerCheckpoint(checkpoint: CheckpointOptions, subtasks: readonly SubtaskAddress[]): void
  abortCheckpoint(checkpointId: number): void
  /** To every slot and every enumerator. */
  notifyCheckpointComplete(checkpointId: number): void
  /**
   * The states of all enumerators, by operator id. From then on their messages to readers are held back, until
   * `releaseEnumerators`: what they assign after the snapshot must not reach a reader before its trigger does.
   */
  snapshotEnumerators(checkpointId: number): Promise<ReadonlyMap<string, Uint8Array>>
  releaseEnumerators(): void
  /** More checkpoints failed than are tolerable, or one failed that cannot be gone back from. */
  fail(error: unknown): void
}

export interface CheckpointCoordinatorParts {
  readonly jobId: string
  readonly jobName: string
  readonly settings: CheckpointSettings
  readonly storage: SnapshotStorage
  readonly clock: Clock
  readonly logger: Logger
  /** For the names of savepoints: `count` hex digits. */
  readonly hexDigits: (count: number) => string
}
