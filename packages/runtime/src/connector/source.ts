import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { MetricGroup } from '../metrics/metric-group.ts'
import type { JobInfo } from './job-info.ts'
import type { TaskInfo } from './task-info.ts'

/** Whether a source ends by itself. */
export type Boundedness = 'bounded' | 'continuous-unbounded'

/** A part of a source that one reader reads: a byte range, a partition. Plain data: it crosses threads. */
export interface SourceSplit {
  /** Unique within the source. */
  readonly splitId: string
}

/**
 * Where records come from. After Flink's FLIP-27: an enumerator on the coordinator finds splits and deals them out;
 * one reader in each subtask reads the splits it was given.
 *
 * A source object is made while the job is being built, once in every thread, so its constructor opens nothing.
 *
 * @example
 * interface Range extends SourceSplit { readonly from: number; readonly to: number }
 *
 * class Numbers implements Source<number, Range> {
 *   readonly boundedness = 'bounded'
 *
 *   createEnumerator(context: SplitEnumeratorContext<Range>): SplitEnumerator {
 *     // Here, or in start(), a real source lists files, or asks for partitions.
 *     return this.restoreEnumerator(context, [{ splitId: 'a', from: 1, to: 3 }, { splitId: 'b', from: 4, to: 5 }])
 *   }
 *
 *   restoreEnumerator(context: SplitEnumeratorContext<Range>, state: readonly Range[]): SplitEnumerator {
 *     const unread = [...state]
 *     return {
 *       start: () => {},
 *       addReader: () => {}, // Readers of this source ask for splits themselves.
 *       handleSplitRequest(subtaskIndex) {
 *         const split = unread.shift()
 *         if (split === undefined) context.signalNoMoreSplits(subtaskIndex)
 *         else context.assignSplit(split, subtaskIndex)
 *       },
 *       snapshotState: () => [...unread],
 *     }
 *   }
 *
 *   createReader(context: SourceReaderContext): SourceReader<number, Range> {
 *     const unread: Range[] = []
 *     let isLast = false
 *     let news = Promise.withResolvers<void>()
 *     return {
 *       start() { if (unread.length === 0) context.sendSplitRequest() },
 *       addSplits(splits) { unread.push(...splits); news.resolve() },
 *       notifyNoMoreSplits() { isLast = true; news.resolve() },
 *       isAvailable: () => news.promise,
 *       pollNext(output) {
 *         const range = unread.shift()
 *         if (range === undefined) {
 *           if (isLast) return 'end-of-input'
 *           news = Promise.withResolvers()
 *           return 'nothing-available'
 *         }
 *         let next = range.from
 *         while (next <= range.to) if (!output.collect(next++)) break
 *         if (next <= range.to) unread.unshift({ ...range, from: next })
 *         else if (unread.length === 0) context.sendSplitRequest()
 *         return 'more-available'
 *       },
 *       // What is left of each, so that a restored reader goes on with the record after the last one emitted.
 *       snapshotState: () => [...unread],
 *     }
 *   }
 * }
 *
 * const { records } = await readSource(new Numbers(), { clock: new SystemClock(), parallelism: 2 })
 * records.flat().toSorted() // -> [1, 2, 3, 4, 5]
 * // Restored in three subtasks, after a failure in two, with the snapshot taken after two records:
 * const attempts = [{ parallelism: 2, snapshotAfter: 2, recordsLost: 1 }]
 * const all = await readSourceThroughFailures(new Numbers(), { clock: new SystemClock(), attempts, parallelism: 3 })
 * all.toSorted() // -> [1, 2, 3, 4, 5]
 * const job = defineJob('numbers', (env) => {
 *   env.fromSource(new Numbers(), WatermarkStrategy.noWatermarks(), 'Numbers').collect('numbers')
 * })
 * const result = await runInSimulation(job, { parallelism: 3 })
 * result.collected<number>('numbers').toSorted() // -> [1, 2, 3, 4, 5]
 */
export interface Source<T, SplitT extends SourceSplit = SourceSplit> {
  readonly boundedness: Boundedness
  /** The parallelism this source has unless one is set on its operator; omit for the environment's. */
  readonly defaultParallelism?: number
  /** The largest parallelism that makes sense, e.g. 1 for a collection; omit for no limit. */
  readonly parallelismMax?: number
  createEnumerator(context: SplitEnumeratorContext<SplitT>): SplitEnumerator
  /**
   * In the place of `createEnumerator` when the job starts from a snapshot: `state` is what `snapshotState` answered. Omit
   * for a source whose enumerator keeps nothing.
   */
  restoreEnumerator?(context: SplitEnumeratorContext<SplitT>, state: unknown): SplitEnumerator
  createReader(context: SourceReaderContext): SourceReader<T, SplitT>
}

/** What an enumerator may ask of the coordinator. */
export interface SplitEnumeratorContext<SplitT extends SourceSplit> {
  readonly parallelism: number
  readonly jobInfo: JobInfo
  readonly logger: Logger
  readonly clock: Clock
  /** Aborted when the job ends, for whatever reason. */
  readonly signal: AbortSignal
  /** The subtasks whose readers are running, ascending. */
  registeredReaders(): readonly number[]
  /** Gives `split` to a running reader. Every split is assigned once. */
  assignSplit(split: SplitT, subtaskIndex: number): void
  /** Tells a reader that what it has is all it will get. A bounded source owes this to every reader. */
  signalNoMoreSplits(subtaskIndex: number): void
  /** Sends plain data to a reader's `handleSourceEvent`. */
  sendEventToReader(subtaskIndex: number, event: unknown): void
}

/** Finds splits and deals them out. Lives on the coordinator; calls never overlap (an async one is awaited first). */
export interface SplitEnumerator {
  /** Called once, before any other call. */
  start(): void | Promise<void>
  /** A reader is running and may be given splits. */
  addReader(subtaskIndex: number): void | Promise<void>
  /** A reader asks for (another) split: assign one, or signal that there are no more. */
  handleSplitRequest(subtaskIndex: number): void | Promise<void>
  handleSourceEvent?(subtaskIndex: number, event: unknown): void | Promise<void>
  /**
   * What is needed to go on from here: plain data, above all the splits that have not been assigned. Those that have are
   * in the snapshots of the readers. Omit if there is nothing to keep.
   */
  snapshotState?(checkpointId: number): unknown
  notifyCheckpointComplete?(checkpointId: number): void | Promise<void>
  close?(): void | Promise<void>
}

/** What a reader may ask of its subtask. */
export interface SourceReaderContext {
  readonly taskInfo: TaskInfo
  readonly jobInfo: JobInfo
  readonly logger: Logger
  readonly metrics: MetricGroup
  readonly clock: Clock
  /** Aborted when the job is being canceled or has failed. */
  readonly signal: AbortSignal
  /** The id of the checkpoint or savepoint that the job starts from. */
  readonly restoredCheckpointId: number | undefined
  /** Asks the enumerator for a split. */
  sendSplitRequest(): void
  sendSourceEvent(event: unknown): void
}

/**
 * - `more-available`: poll again (also after `collect` answered false);
 * - `nothing-available`: poll again once `isAvailable()` has resolved;
 * - `end-of-input`: this reader has emitted its last record.
 */
export type InputStatus = 'more-available' | 'nothing-available' | 'end-of-input'

/** Where a reader puts its records. */
export interface ReaderOutput<T> {
  /**
   * Emits one record, with its event time in milliseconds since the epoch if it has one.
   * After `false` the reader returns from `pollNext` without emitting more: the output is full or others wait.
   */
  collect(record: T, timestampMs?: number): boolean
}

/** Reads splits. All calls come from one thread and never overlap. */
export interface SourceReader<T, SplitT extends SourceSplit> {
  /**
   * Called once, before the first split that the enumerator assigns, but after those of a snapshot that the job starts from.
   * Most readers send their first split request here, if they have no split yet.
   */
  start?(): void | Promise<void>
  /**
   * Emits what is at hand, in a plain loop, until there is nothing, or `output.collect` answers false.
   * Must not block: I/O runs beside it, into a bounded buffer.
   */
  pollNext(output: ReaderOutput<T>): InputStatus
  /** Called only after `nothing-available`. Resolves when polling is worth it again, also when splits arrive. */
  isAvailable(): Promise<void>
  /**
   * Takes splits of the enumerator, or those of a snapshot, which are as `snapshotState` answered them (of this reader
   * or, at another parallelism, of several). They are added to those it has.
   */
  addSplits(splits: readonly SplitT[]): void
  notifyNoMoreSplits(): void
  handleSourceEvent?(event: unknown): void
  /**
   * True for a reader that does something when a checkpoint completes: after its last record it is kept until one more has,
   * as far as the job takes checkpoints. `snapshotState` is called for that one too.
   */
  readonly commitsOnCheckpoint?: boolean
  /**
   * The splits that are not read to their end, each with the position of the next record that `pollNext` will emit.
   * Omit only where no split ever needs to be read again.
   */
  snapshotState?(checkpointId: number): readonly SplitT[]
  notifyCheckpointComplete?(checkpointId: number): void | Promise<void>
  notifyCheckpointAborted?(checkpointId: number): void | Promise<void>
  close?(): void | Promise<void>
}
