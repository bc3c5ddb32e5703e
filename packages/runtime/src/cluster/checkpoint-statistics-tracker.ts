import type { Clock } from '../base/clock.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import type { CompletedSnapshot } from './checkpoint-coordinator-parts.ts'
import { CheckpointRecord } from './checkpoint-record.ts'
import type { CheckpointStatistics, RestoredCheckpointStatistics } from './checkpoint-statistics.ts'

/** As Flink's web.checkpoints.history. */
const HISTORY_MAX = 10

/** Keeps what people want to know of a job's checkpoints: all counts, and the latest ones in detail. */
export class CheckpointStatisticsTracker {
  readonly #clock: Clock
  /** Newest first. */
  readonly #history: CheckpointRecord[] = []
  readonly #counts = { restored: 0, total: 0, inProgress: 0, completed: 0, failed: 0 }
  #latestCompleted: CheckpointRecord | undefined
  #latestSavepoint: CheckpointRecord | undefined
  #latestFailed: CheckpointRecord | undefined
  #latestRestored: RestoredCheckpointStatistics | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  triggered(jobGraph: JobGraph, checkpointId: number, isSavepoint: boolean): CheckpointRecord {
    const record = new CheckpointRecord(this.#clock, jobGraph, checkpointId, isSavepoint)
    this.#history.unshift(record)
    if (this.#history.length > HISTORY_MAX) this.#history.pop()
    this.#counts.total++
    this.#counts.inProgress++
    return record
  }

  completed(record: CheckpointRecord, path: string | undefined): void {
    record.completed(path)
    this.#counts.inProgress--
    this.#counts.completed++
    if (record.isSavepoint) this.#latestSavepoint = record
    else this.#latestCompleted = record
  }

  failed(record: CheckpointRecord, message: string): void {
    record.failed(message)
    this.#counts.inProgress--
    this.#counts.failed++
    this.#latestFailed = record
  }

  restored({ metadata, path }: CompletedSnapshot): void {
    this.#counts.restored++
    this.#latestRestored = {
      checkpointId: metadata.checkpointId,
      restoreTimestampMs: this.#clock.now(),
      isSavepoint: metadata.kind === 'savepoint',
      path,
    }
  }

  statistics(): CheckpointStatistics {
    return {
      counts: { ...this.#counts },
      history: this.#history.map((record) => record.entry()),
      latestCompleted: this.#latestCompleted?.entry(),
      latestSavepoint: this.#latestSavepoint?.entry(),
      latestFailed: this.#latestFailed?.entry(),
      latestRestored: this.#latestRestored,
    }
  }
}
