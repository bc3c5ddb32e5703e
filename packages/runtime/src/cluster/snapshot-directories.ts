import type { CheckpointCoordinatorParts } from './checkpoint-coordinator-parts.ts'
import type { CheckpointRequest } from './checkpoint-request.ts'

/** Where the snapshots of a job go, as in Flink: `<dir>/<job id>/chk-<n>`, and `<dir>/savepoint-<job id, short>-<digits>`. */
export class SnapshotDirectories {
  /** Of all its checkpoints; undefined if they are kept in memory. */
  readonly ofJob: string | undefined
  readonly #parts: Pick<CheckpointCoordinatorParts, 'jobId' | 'hexDigits'>

  constructor(parts: Pick<CheckpointCoordinatorParts, 'jobId' | 'hexDigits' | 'settings'>) {
    const { directory } = parts.settings
    this.#parts = parts
    this.ofJob = directory === undefined ? undefined : `${directory}/${parts.jobId}`
  }

  /** A new one; undefined if the snapshot is kept in memory. */
  of({ kind, parentDirectory }: CheckpointRequest, checkpointId: number): string | undefined {
    if (parentDirectory === undefined) return undefined
    const { jobId, hexDigits } = this.#parts
    const name = kind === 'checkpoint' ? `chk-${checkpointId}` : `savepoint-${jobId.slice(0, 6)}-${hexDigits(12)}`
    return `${parentDirectory}/${name}`
  }
}
