import type { Clock } from '../base/clock.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import type { SubtaskAddress, SubtaskCheckpointMetrics } from '../protocol/messages.ts'
import type { CheckpointStatisticsEntry, SubtaskCheckpointStatistics } from './checkpoint-statistics.ts'

/** What statistics know of one checkpoint, from its trigger on. */
export class CheckpointRecord {
  readonly #clock: Clock
  readonly #jobGraph: JobGraph
  readonly #checkpointId: number
  readonly #isSavepoint: boolean
  readonly #triggerTimestampMs: number
  readonly #startMs: number
  /** By vertex and subtask. */
  readonly #subtasks: (SubtaskCheckpointStatistics | undefined)[][]
  readonly #subtaskCount: number
  #acknowledgedCount = 0
  #latestAckTimestampMs: number | undefined
  #stateBytes = 0
  #status: CheckpointStatisticsEntry['status'] = 'IN_PROGRESS'
  #endMs: number | undefined
  #path: string | undefined
  #failureMessage: string | undefined

  constructor(clock: Clock, jobGraph: JobGraph, checkpointId: number, isSavepoint: boolean) {
    this.#clock = clock
    this.#jobGraph = jobGraph
    this.#checkpointId = checkpointId
    this.#isSavepoint = isSavepoint
    this.#triggerTimestampMs = clock.now()
    this.#startMs = clock.monotonicMs()
    this.#subtasks = jobGraph.vertices.map(({ parallelism }) => new Array(parallelism).fill(undefined))
    this.#subtaskCount = jobGraph.vertices.reduce((sum, { parallelism }) => sum + parallelism, 0)
  }

  get status(): CheckpointStatisticsEntry['status'] {
    return this.#status
  }

  get isSavepoint(): boolean {
    return this.#isSavepoint
  }

  get triggerTimestampMs(): number {
    return this.#triggerTimestampMs
  }

  /** So many subtasks had ended before: they have nothing to acknowledge. */
  skipped(count: number): void {
    this.#acknowledgedCount += count
  }

  /** Enumerators keep so much. */
  coordinatorBytes(bytes: number): void {
    this.#stateBytes += bytes
  }

  acknowledged({ vertexIndex, subtaskIndex }: SubtaskAddress, metrics: SubtaskCheckpointMetrics): void {
    const ackTimestampMs = this.#clock.now()
    this.#subtasks[vertexIndex]![subtaskIndex] = { ...metrics, ackTimestampMs }
    this.#acknowledgedCount++
    this.#latestAckTimestampMs = ackTimestampMs
    this.#stateBytes += metrics.stateBytes
  }

  completed(path: string | undefined): void {
    this.#end('COMPLETED')
    this.#path = path
  }

  failed(message: string): void {
    this.#end('FAILED')
    this.#failureMessage = message
  }

  #end(status: 'COMPLETED' | 'FAILED'): void {
    this.#status = status
    this.#endMs = this.#clock.monotonicMs()
  }

  /** As it is now. */
  entry(): CheckpointStatisticsEntry {
    return {
      checkpointId: this.#checkpointId,
      status: this.#status,
      isSavepoint: this.#isSavepoint,
      triggerTimestampMs: this.#triggerTimestampMs,
      latestAckTimestampMs: this.#latestAckTimestampMs,
      durationMs: (this.#endMs ?? this.#clock.monotonicMs()) - this.#startMs,
      stateBytes: this.#stateBytes,
      subtaskCount: this.#subtaskCount,
      acknowledgedCount: this.#acknowledgedCount,
      path: this.#path,
      failureMessage: this.#failureMessage,
      vertices: this.#jobGraph.vertices.map(({ id, name, index }) => ({
        vertexId: id,
        vertexName: name,
        subtasks: [...this.#subtasks[index]!],
      })),
    }
  }
}
