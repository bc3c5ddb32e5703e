import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type {
  InputStatus,
  ReaderOutput,
  Source,
  SourceReader,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '../connector/source.ts'
import { RecordedMetrics, silentLogger, testJobInfo, testTaskInfo } from './connector-contexts.ts'

/** How {@link readSource} drives a source. */
export interface ReadSourceOptions {
  readonly clock: Clock
  /** 1 unless given. */
  readonly parallelism?: number
  /**
   * Asked before each poll of a reader: how many records may be emitted before the output answers false (at least 1).
   * Unlimited unless given. Draw it from a seeded generator to find readers that lose their place.
   */
  readonly pollLimit?: (subtaskIndex: number) => number
  /** Stops after so many records in all, for sources that do not end. */
  readonly recordsMax?: number | undefined
  /** Takes the snapshot when so many records were emitted in all, and goes on; at the end unless given. */
  readonly snapshotAfter?: number | undefined
  /** Starts from the snapshot of another run, which may have had another parallelism. */
  readonly restore?: SourceSnapshot<unknown, SourceSplit> | undefined
}

/** What a source kept at one moment, as plain data, and what it had emitted by then. */
export interface SourceSnapshot<T, SplitT extends SourceSplit> {
  /** What the enumerator answered. */
  readonly enumerator: unknown
  /** What the reader of each subtask answered. */
  readonly splits: readonly (readonly SplitT[])[]
  /** The records that each subtask had emitted: what comes after a restore must join here. */
  readonly records: readonly (readonly T[])[]
}

/** What {@link readSource} saw. */
export interface ReadSourceResult<T, SplitT extends SourceSplit> {
  /** The records of each subtask, in the order in which it emitted them. */
  readonly records: readonly (readonly T[])[]
  /** The splits of each subtask, in the order in which it was given them, those of a snapshot first. */
  readonly splits: readonly (readonly SplitT[])[]
  /** Undefined if the source ended before `snapshotAfter` records. */
  readonly snapshot: SourceSnapshot<T, SplitT> | undefined
  /** The counters of all subtasks together, by name. */
  readonly counters: Readonly<Record<string, number>>
  /** What enumerator and readers logged as warnings. */
  readonly warnings: readonly string[]
}

/**
 * Runs a source in this thread, its enumerator and `parallelism` readers in turn, until every reader has ended.
 *
 * It holds the source to its contract: splits and snapshots must survive a structured clone, nothing is emitted after the
 * output answered false, and the enumerator owes every reader either a split or the end. Errors of the source are rethrown.
 *
 * The result has a snapshot, from which another call goes on: at the same parallelism every reader gets back its own splits,
 * at another one they are dealt out in turn.
 *
 * @example
 * const clock = new SystemClock()
 * const { records, snapshot } = await readSource(new SequenceSource(1, 5), { clock, parallelism: 2, snapshotAfter: 2 })
 * records // -> [[1, 2, 3], [4, 5]]
 * snapshot?.records.flat().length // -> 2
 * const restored = await readSource(new SequenceSource(1, 5), { clock, restore: snapshot })
 * snapshot?.records.flat().concat(restored.records.flat()).toSorted() // -> [1, 2, 3, 4, 5]
 */
export async function readSource<T, SplitT extends SourceSplit>(
  source: Source<T, SplitT>,
  options: ReadSourceOptions,
): Promise<ReadSourceResult<T, SplitT>> {
  const run = new SourceRun(source, options)
  try {
    return await run.untilEnd()
  } finally {
    await run.close()
  }
}

interface RunningReader<T, SplitT extends SourceSplit> {
  readonly reader: SourceReader<T, SplitT>
  readonly output: LimitedOutput<T>
  status: InputStatus
}

class SourceRun<T, SplitT extends SourceSplit> {
  readonly #options: ReadSourceOptions
  readonly #abort = new AbortController()
  readonly #metrics = new RecordedMetrics()
  readonly #enumerator: SplitEnumerator
  readonly #readers: RunningReader<T, SplitT>[]
  readonly #registered: number[] = []
  readonly #splits: SplitT[][]
  readonly #mail: (() => void | Promise<void>)[] = []
  readonly #requested = new Set<number>()
  readonly #warnings: string[] = []
  #snapshot: SourceSnapshot<T, SplitT> | undefined
  #arrived: () => void = () => {}

  constructor(source: Source<T, SplitT>, options: ReadSourceOptions) {
    const parallelism = options.parallelism ?? 1
    const logger: Logger = { ...silentLogger, warn: (message) => this.#warnings.push(message) }
    const shared = { jobInfo: testJobInfo(), logger, clock: options.clock, signal: this.#abort.signal }
    this.#options = options
    this.#splits = Array.from({ length: parallelism }, () => [])
    const context: SplitEnumeratorContext<SplitT> = {
      ...shared,
      parallelism,
      registeredReaders: () => [...this.#registered],
      assignSplit: (split, subtaskIndex) => {
        const received = structuredClone(split)
        this.#splits[subtaskIndex]?.push(received)
        this.#post(() => this.#readerAt(subtaskIndex).reader.addSplits([received]))
      },
      signalNoMoreSplits: (subtaskIndex) => {
        this.#post(() => this.#readerAt(subtaskIndex).reader.notifyNoMoreSplits())
      },
      sendEventToReader: (subtaskIndex, event) => {
        this.#post(() => this.#readerAt(subtaskIndex).reader.handleSourceEvent?.(structuredClone(event)))
      },
    }
    const restored = options.restore
    this.#enumerator =
      restored === undefined || source.restoreEnumerator === undefined
        ? source.createEnumerator(context)
        : source.restoreEnumerator(context, structuredClone(restored.enumerator))
    this.#readers = this.#splits.map((_, index) => ({
      output: new LimitedOutput<T>(),
      status: 'more-available',
      reader: source.createReader({
        ...shared,
        taskInfo: testTaskInfo(index, parallelism),
        metrics: this.#metrics,
        restoredCheckpointId: restored === undefined ? undefined : 1,
        sendSplitRequest: () => this.#request(index),
        sendSourceEvent: (event) =>
          this.#post(() => this.#enumerator.handleSourceEvent?.(index, structuredClone(event))),
      }),
    }))
  }

  async untilEnd(): Promise<ReadSourceResult<T, SplitT>> {
    await this.#enumerator.start()
    const restored = this.#restoredSplits()
    for (const [index, { reader }] of this.#readers.entries()) {
      const splits = restored[index] ?? []
      this.#splits[index]?.push(...splits)
      if (splits.length > 0) reader.addSplits(splits)
      assert(!this.#requested.has(index), () => `Reader ${index} asked for a split before it was started`)
      await reader.start?.()
      this.#registered.push(index)
      await this.#enumerator.addReader(index)
    }
    const snapshotAfter = this.#options.snapshotAfter ?? Number.POSITIVE_INFINITY
    if (snapshotAfter === 0) await this.#takeSnapshot()
    while (this.#readers.some(({ status }) => status !== 'end-of-input') && this.#recordsLeft() > 0) {
      await this.#deliverMail()
      for (const [index, running] of this.#readers.entries()) {
        if (running.status === 'end-of-input' || this.#recordsLeft() === 0) continue
        const limit = this.#options.pollLimit?.(index) ?? Number.POSITIVE_INFINITY
        const untilSnapshot =
          this.#snapshot === undefined ? snapshotAfter - this.#recordCount() : Number.POSITIVE_INFINITY
        running.output.admit(Math.min(limit, this.#recordsLeft(), untilSnapshot))
        running.status = running.reader.pollNext(running.output)
        if (this.#snapshot === undefined && this.#recordCount() === snapshotAfter) await this.#takeSnapshot()
      }
      await this.#untilWorthPolling()
    }
    if (this.#options.snapshotAfter === undefined) await this.#takeSnapshot()
    return {
      records: this.#readers.map(({ output }) => output.records),
      splits: this.#splits,
      snapshot: this.#snapshot,
      counters: this.#metrics.values(),
      warnings: this.#warnings,
    }
  }

  async close(): Promise<void> {
    this.#abort.abort()
    for (const { reader } of this.#readers) await reader.close?.()
    await this.#enumerator.close?.()
  }

  async #untilWorthPolling(): Promise<void> {
    const open = this.#readers.filter(({ status }) => status !== 'end-of-input')
    if (open.length === 0 || this.#mail.length > 0 || this.#recordsLeft() === 0) return
    // Sockets and files are served between macrotasks.
    if (open.some(({ status }) => status === 'more-available')) return new Promise((resolve) => setImmediate(resolve))
    const mail = new Promise<void>((resolve) => {
      this.#arrived = resolve
    })
    await Promise.race([mail, ...open.map(({ reader }) => reader.isAvailable())])
  }

  async #deliverMail(): Promise<void> {
    for (let letter = this.#mail.shift(); letter !== undefined; letter = this.#mail.shift()) await letter()
  }

  #post(letter: () => void | Promise<void>): void {
    this.#mail.push(letter)
    this.#arrived()
  }

  /** As in a job: what the enumerator assigned before it was asked has reached the readers when they are. */
  async #takeSnapshot(): Promise<void> {
    await this.#deliverMail()
    const enumerator = structuredClone(this.#enumerator.snapshotState?.(1))
    this.#snapshot = {
      enumerator,
      splits: this.#readers.map(({ reader }) => structuredClone([...(reader.snapshotState?.(1) ?? [])])),
      records: this.#readers.map(({ output }) => [...output.records]),
    }
  }

  #restoredSplits(): SplitT[][] {
    // The splits are those of the same source.
    const before = structuredClone((this.#options.restore?.splits ?? []) as readonly (readonly SplitT[])[])
    const parallelism = this.#readers.length
    if (before.length === parallelism) return before.map((splits) => [...splits])
    const all = before.flat()
    return Array.from({ length: parallelism }, (_, index) => all.filter((_, i) => i % parallelism === index))
  }

  #request(subtaskIndex: number): void {
    this.#requested.add(subtaskIndex)
    this.#post(() => this.#enumerator.handleSplitRequest(subtaskIndex))
  }

  #recordCount(): number {
    return this.#readers.reduce((sum, { output }) => sum + output.records.length, 0)
  }

  #recordsLeft(): number {
    return (this.#options.recordsMax ?? Number.POSITIVE_INFINITY) - this.#recordCount()
  }

  #readerAt(subtaskIndex: number): RunningReader<T, SplitT> {
    const running = this.#readers[subtaskIndex]
    assert(running !== undefined, () => `There is no reader ${subtaskIndex} of ${this.#readers.length}`)
    return running
  }
}

class LimitedOutput<T> implements ReaderOutput<T> {
  readonly records: T[] = []
  #left = 0

  admit(recordsMax: number): void {
    assert(recordsMax >= 1, () => `A poll must be allowed at least 1 record, not ${recordsMax}`)
    this.#left = recordsMax
  }

  collect(record: T): boolean {
    assert(this.#left > 0, () => 'A reader emitted a record after collect had answered false')
    this.records.push(record)
    return --this.#left > 0
  }
}
