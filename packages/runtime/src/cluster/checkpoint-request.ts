import type { SnapshotKind } from '../snapshot/snapshot.ts'
import type { CompletedSnapshot } from './checkpoint-coordinator-parts.ts'

/** A checkpoint or savepoint that is to be taken. */
export interface CheckpointRequest {
  readonly kind: SnapshotKind
  /** `command`: somebody waits for it. `end`: subtasks do, to make their last output visible. */
  readonly origin: 'interval' | 'end' | 'command'
  readonly stop: 'none' | 'suspend' | 'drain'
  /** In which its own directory is made; undefined: it is kept in memory. */
  readonly parentDirectory: string | undefined
  /** Whether the job removes it when it needs it no more. */
  readonly isOwned: boolean
  readonly outcome: PromiseWithResolvers<CompletedSnapshot>
}

/** A request whose outcome nobody needs to look at. */
export function checkpointRequest(facts: Omit<CheckpointRequest, 'outcome'>): CheckpointRequest {
  const outcome = Promise.withResolvers<CompletedSnapshot>()
  outcome.promise.catch(() => {})
  return { ...facts, outcome }
}
