import type { MetricKind } from '../metrics/metric-group.ts'
import type { SubtaskSnapshot } from '../snapshot/snapshot.ts'
import type { ErrorData } from './error-data.ts'
import type { SubtaskState } from './subtask-state.ts'

/** Names one subtask within a job: positions in the job graph and in the vertex. */
export interface SubtaskAddress {
  readonly vertexIndex: number
  readonly subtaskIndex: number
}

/** What the coordinator tells a slot. */
export type CoordinatorMessage =
  | { readonly kind: 'cancel' }
  | { readonly kind: 'add-splits'; readonly subtask: SubtaskAddress; readonly splits: Uint8Array }
  | { readonly kind: 'no-more-splits'; readonly subtask: SubtaskAddress }
  | { readonly kind: 'source-event'; readonly subtask: SubtaskAddress; readonly event: Uint8Array }
  /** A checkpoint begins: the sources among `subtasks` send its barrier; all learn how it is to be taken. */
  | {
      readonly kind: 'trigger-checkpoint'
      readonly checkpoint: CheckpointOptions
      /** Those that no barrier will reach: sources, and subtasks all of whose inputs have ended. */
      readonly subtasks: readonly SubtaskAddress[]
    }
  | { readonly kind: 'abort-checkpoint'; readonly checkpointId: number }
  | { readonly kind: 'checkpoint-complete'; readonly checkpointId: number }
  /** That many characters of text have left the program; more may come. */
  | { readonly kind: 'text-written'; readonly length: number }

/** What a slot tells the coordinator. Values that user code made travel encoded by the general codec. */
export type SlotMessage =
  | {
      readonly kind: 'subtask-state'
      readonly subtask: SubtaskAddress
      readonly state: SubtaskState
      readonly failure?: SubtaskFailure
    }
  | { readonly kind: 'split-request'; readonly subtask: SubtaskAddress }
  | { readonly kind: 'reader-started'; readonly subtask: SubtaskAddress }
  | { readonly kind: 'source-event'; readonly subtask: SubtaskAddress; readonly event: Uint8Array }
  | {
      readonly kind: 'counter'
      readonly subtask: SubtaskAddress
      readonly name: string
      readonly place: number
      readonly metricKind: MetricKind
    }
  | { readonly kind: 'collected'; readonly name: string; readonly records: Uint8Array }
  | { readonly kind: 'text'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly facts: Readonly<Record<string, unknown>>
    }
  | {
      readonly kind: 'checkpoint-acknowledged'
      readonly subtask: SubtaskAddress
      readonly checkpointId: number
      readonly snapshot: SubtaskSnapshot
      readonly metrics: SubtaskCheckpointMetrics
    }
  | {
      readonly kind: 'checkpoint-declined'
      readonly subtask: SubtaskAddress
      readonly checkpointId: number
      readonly error: ErrorData
    }
  /** The subtask has handled all its input, and ends once a further checkpoint is complete. */
  | { readonly kind: 'awaiting-final-checkpoint'; readonly subtask: SubtaskAddress }
  /** The slot could not be set up, or broke outside any subtask. */
  | { readonly kind: 'slot-failed'; readonly error: ErrorData }

/** Why a subtask failed, with what it was working on. */
export interface SubtaskFailure {
  readonly operatorName: string
  readonly recordPreview: string | undefined
  readonly error: ErrorData
}

/** How a checkpoint is to be taken. */
export interface CheckpointOptions {
  readonly checkpointId: number
  /** When it was triggered, since the epoch. */
  readonly timestampMs: number
  /** Where files go; undefined if everything is to be sent inline. It exists. */
  readonly directory: string | undefined
  /** A subtask's snapshot of at most so many bytes is sent inline, also if there is a directory. */
  readonly inlineBytesMax: number
  /**
   * What follows a complete savepoint: `suspend`: sources end their channels; `drain`: so they do, and before it operators
   * emit what they held back.
   */
  readonly stop: 'none' | 'suspend' | 'drain'
}

/** What one subtask's part of a checkpoint took. With Flink's names (CheckpointMetrics). */
export interface SubtaskCheckpointMetrics {
  /** From the trigger until the first barrier arrived. */
  readonly startDelayMs: number
  /** From the first barrier to the last. */
  readonly alignmentMs: number
  /** Processing stood still: from the last barrier until state was copied. */
  readonly syncMs: number
  /** Writing. */
  readonly asyncMs: number
  readonly stateBytes: number
}
