import type { CheckpointStatistics } from '../../cluster/checkpoint-statistics.ts'
import { ClusterError } from '../../cluster/cluster-error.ts'
import type { JobHandle, JobMetrics, JobResult, RescaleResult, StopOptions } from '../../cluster/job-handle.ts'
import type { JobStatus } from '../../cluster/job-status.ts'

const noCheckpoints: CheckpointStatistics = {
  counts: { restored: 0, total: 0, inProgress: 0, completed: 0, failed: 0 },
  history: [],
  latestCompleted: undefined,
  latestSavepoint: undefined,
  latestFailed: undefined,
  latestRestored: undefined,
}

/** A job that does what the test says, and remembers what it was asked for. */
export class FakeJob implements JobHandle {
  readonly id: string
  readonly name: string
  readonly startTimeMs = 1_700_000_000_000
  endTimeMs: number | undefined
  readonly restarts = 0
  status: JobStatus = 'RUNNING'
  cancelCount = 0
  elapsedMs = 0
  /** Whether a cancellation ends it at once. */
  endsOnCancel = false
  /** `execution.checkpointing.savepoint-dir` */
  savepointDirectory: string | undefined
  /** What savepoints fail with. */
  savepointFailure: Error | undefined
  /** What savepoints wait for. */
  savepointReady: Promise<void> = Promise.resolve()
  readonly asked: string[] = []
  statistics: CheckpointStatistics = noCheckpoints
  rescaled: RescaleResult | Error = { durationMs: 0, vertices: [], unchangedOperators: [] }
  readonly result: Promise<JobResult>
  #settle!: { resolve(result: JobResult): void; reject(error: unknown): void }

  constructor(id = '0123456789abcdef0123456789abcdef', name = 'fake') {
    this.id = id
    this.name = name
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.result.catch(() => {})
  }

  metrics(): JobMetrics {
    const counts = { recordsIn: this.elapsedMs, recordsOut: 0, bytesIn: 0, bytesOut: 0 }
    const times = { busyMs: this.elapsedMs / 2, backPressuredMs: 0, idleMs: this.elapsedMs / 2 }
    const vertex = { name: 'Map', parallelism: 1, ...counts, ...times, subtaskStates: { RUNNING: 1 }, counters: {} }
    return { status: this.status, elapsedMs: this.elapsedMs, vertices: [vertex] }
  }

  end(status: 'FINISHED' | 'CANCELED'): void {
    this.status = status
    this.endTimeMs ??= this.startTimeMs + this.elapsedMs
    this.#settle.resolve({ status, durationMs: this.elapsedMs, metrics: this.metrics() })
  }

  fail(error: Error): void {
    this.status = 'FAILED'
    this.endTimeMs = this.startTimeMs + this.elapsedMs
    this.#settle.reject(error)
  }

  collected<T>(): readonly T[] {
    return []
  }

  async cancel(): Promise<void> {
    this.cancelCount++
    if (this.endsOnCancel) this.end('CANCELED')
  }

  checkpoints(): CheckpointStatistics {
    return this.statistics
  }

  async triggerCheckpoint(): Promise<number> {
    this.asked.push('checkpoint')
    return 2
  }

  async triggerSavepoint(directory?: string): Promise<string> {
    return this.#savepoint('savepoint', directory)
  }

  async stopWithSavepoint({ directory, drain = false }: StopOptions = {}): Promise<string> {
    const path = await this.#savepoint(drain ? 'drain' : 'stop', directory)
    this.end('FINISHED')
    return path
  }

  async rescale(parallelism: number): Promise<RescaleResult> {
    this.asked.push(`rescale ${parallelism}`)
    if (this.rescaled instanceof Error) throw this.rescaled
    return this.rescaled
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #savepoint(what: string, directory = this.savepointDirectory): Promise<string> {
    this.asked.push(`${what} ${directory ?? 'nowhere'}`)
    if (directory === undefined) {
      throw new ClusterError('NO_SAVEPOINT_DIRECTORY', 'Cannot take a savepoint of job "fake" without a directory', {
        jobId: this.id,
      })
    }
    await this.savepointReady
    if (this.savepointFailure !== undefined) throw this.savepointFailure
    return `${directory}/savepoint-${this.id.slice(0, 6)}-97e90173b11b`
  }
}
