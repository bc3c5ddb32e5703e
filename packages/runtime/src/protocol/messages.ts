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
  | { readonly kind: 'counter'; readonly subtask: SubtaskAddress; readonly name: string; readonly place: number }
  | { readonly kind: 'collected'; readonly name: string; readonly records: Uint8Array }
  | { readonly kind: 'text'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly facts: Readonly<Record<string, unknown>>
    }
  /** The slot could not be set up, or broke outside any subtask. */
  | { readonly kind: 'slot-failed'; readonly error: ErrorData }

/** Why a subtask failed, with what it was working on. */
export interface SubtaskFailure {
  readonly operatorName: string
  readonly recordPreview: string | undefined
  readonly error: ErrorData
}
