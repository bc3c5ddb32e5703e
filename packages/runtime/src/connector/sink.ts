import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { MetricGroup } from '../metrics/metric-group.ts'
import type { JobInfo } from './job-info.ts'
import type { TaskInfo } from './task-info.ts'

/**
 * Where records go. After Flink's Sink v2: one writer in each subtask, and a committer for output that becomes
 * visible when a checkpoint is complete. A sink object is made while the job is being built, once in every thread: its constructor opens nothing.
 *
 * @example
 * const written: string[] = []
 * class LogSink implements Sink<string> {
 *   async createWriter({ taskInfo, metrics }: SinkWriterContext): Promise<SinkWriter<string>> {
 *     const count = metrics.counter('written') // Here a real sink opens its connection.
 *     return {
 *       write(line) {
 *         written.push(`${taskInfo.index}: ${line}`)
 *         count.inc()
 *       },
 *       async flush() {}, // Here a real sink waits until everything has arrived.
 *       async close() {},
 *     }
 *   }
 * }
 * const job = defineJob('log', (env) => {
 *   env.fromElements('a', 'b').sinkTo(new LogSink())
 * })
 * await runInSimulation(job)
 * written // -> ['0: a', '0: b']
 */
export interface Sink<in T> {
  /** The largest parallelism that makes sense, e.g. 1 for a single file; omit for no limit. */
  readonly parallelismMax?: number
  createWriter(context: SinkWriterContext): SinkWriter<T> | Promise<SinkWriter<T>>
  /**
   * In the place of `createWriter` when the job starts from a snapshot that has state of writers: that of this one or, at
   * another parallelism, of several. Needed where a writer has `snapshotState`.
   */
  restoreWriter?(context: SinkWriterContext, states: readonly unknown[]): SinkWriter<T> | Promise<SinkWriter<T>>
  /** Needed where a writer has `prepareCommit`. */
  createCommitter?(context: SinkWriterContext): Committer | Promise<Committer>
}

/**
 * The second phase of exactly-once output. It runs in the subtask of the writer; committables are kept in checkpoints
 * until they are committed, so a commit may be repeated after a failure, and must then do nothing.
 *
 * @example
 * import { randomUUID } from 'node:crypto'
 * const stored = new Map<string, readonly string[]>()
 * class Batches implements Sink<string> {
 *   createWriter(): SinkWriter<string> {
 *     let batch: string[] = []
 *     return {
 *       write: (line) => void batch.push(line),
 *       prepareCommit() {
 *         // A name of its own: storing a batch once more changes nothing.
 *         const prepared = { name: randomUUID(), batch }
 *         batch = []
 *         return [prepared]
 *       },
 *     }
 *   }
 *
 *   createCommitter(): Committer {
 *     return {
 *       commit(committables: readonly { name: string; batch: readonly string[] }[]) {
 *         for (const { name, batch } of committables) stored.set(name, batch)
 *       },
 *     }
 *   }
 * }
 * const job = defineJob('batches', (env) => {
 *   env.fromElements('a', 'b').sinkTo(new Batches())
 * })
 * await runInSimulation(job)
 * [...stored.values()] // -> [['a', 'b']]
 */
export interface Committer {
  /** Makes visible what `prepareCommit` answered, plain data. A rejection fails the job, which then repeats it. */
  commit(committables: readonly unknown[]): void | Promise<void>
  close?(): void | Promise<void>
}

/** What a writer and its committer may ask of their subtask: both get the same object, by which they may find each other. */
export interface SinkWriterContext {
  readonly taskInfo: TaskInfo
  readonly jobInfo: JobInfo
  readonly logger: Logger
  readonly metrics: MetricGroup
  readonly clock: Clock
  /** Aborted when the job is being canceled or has failed. */
  readonly signal: AbortSignal
  /** The program's standard output. Text keeps its order within a subtask and is not lost when the thread ends. */
  readonly standardOutput: TextOutput
  /**
   * Whether the job takes checkpoints by itself. Otherwise `prepareCommit` is only called for savepoints and at the end
   * of the input.
   */
  readonly checkpointingEnabled: boolean
  /** The id of the checkpoint or savepoint that the job starts from. */
  readonly restoredCheckpointId: number | undefined
}

/** A bounded way out for text. */
export interface TextOutput {
  /** Takes `text` as it is. A returned promise means: wait for it before writing more. */
  write(text: string): void | Promise<void>
}

/** Writes records. All calls come from one thread and never overlap. */
export interface SinkWriter<in T> {
  /**
   * Takes one record, without blocking. A returned promise is the way to push back: the runtime gives the subtask no
   * further input until it has settled. A rejection fails the job.
   */
  write(record: T): void | Promise<void>
  /** Makes everything written so far durable or visible. Called at checkpoints, and at the end of input. */
  flush?(endOfInput: boolean): void | Promise<void>
  /**
   * Called after `flush`, at a checkpoint and at the end of input: what the committer is to make visible once the checkpoint
   * is complete. Plain data. Nothing is written meanwhile.
   */
  prepareCommit?(): readonly unknown[] | Promise<readonly unknown[]>
  /** Called after `prepareCommit`, at a checkpoint: what the writer needs to go on, plain data, in any number of parts. */
  snapshotState?(checkpointId: number): readonly unknown[] | Promise<readonly unknown[]>
  /**
   * Called once, also after a failure or a cancellation. A write or a flush that is under way has settled by then,
   * unless it takes longer than a second: abort it by `signal`.
   */
  close?(): void | Promise<void>
}
