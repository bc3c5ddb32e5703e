import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type {
  InputStatus,
  ReaderOutput,
  Source,
  SourceReader,
  SourceSplit,
  SplitEnumerator,
} from '../connector/source.ts'
import { RecordedMetrics, silentLogger, testTaskInfo } from './connector-contexts.ts'

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
  readonly recordsMax?: number
}

/** What {@link readSource} saw. */
export interface ReadSourceResult<T, SplitT extends SourceSplit> {
  /** The records of each subtask, in the order in which it emitted them. */
  readonly records: readonly (readonly T[])[]
  /** The splits of each subtask, in the order in which it was given them. */
  readonly splits: readonly (readonly SplitT[])[]
  /** The counters of all subtasks together, by name. */
  readonly counters: Readonly<Record<string, number>>
}

/**
 * Runs a source in this thread, its enumerator and `parallelism` readers in turn, until every reader has ended.
 *
 * It holds the source to its contract: splits must survive a structured clone, nothing is emitted after the output
 * answered false, and the enumerator owes every reader either a split or the end. Errors of the source are rethrown.
 *
 * @example
 * const { records } = await readSource(new SequenceSource(1, 5), { clock: new SystemClock(), parallelism: 2 })
 * records // -> [[1, 2, 3], [4, 5]]
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
  #arrived: () => void = () => {}

  constructor(source: Source<T, SplitT>, options: ReadSourceOptions) {
    const parallelism = options.parallelism ?? 1
    const shared = { logger: silentLogger, clock: options.clock, signal: this.#abort.signal }
    this.#options = options
    this.#splits = Array.from({ length: parallelism }, () => [])
    this.#enumerator = source.createEnumerator({
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
    })
    this.#readers = this.#splits.map((_, index) => ({
      output: new LimitedOutput<T>(),
      status: 'more-available',
      reader: source.createReader({
        ...shared,
        taskInfo: testTaskInfo(index, parallelism),
        metrics: this.#metrics,
        sendSplitRequest: () => this.#post(() => this.#enumerator.handleSplitRequest(index)),
        sendSourceEvent: (event) =>
          this.#post(() => this.#enumerator.handleSourceEvent?.(index, structuredClone(event))),
      }),
    }))
  }

  async untilEnd(): Promise<ReadSourceResult<T, SplitT>> {
    await this.#enumerator.start()
    for (const [index, { reader }] of this.#readers.entries()) {
      await reader.start?.()
      this.#registered.push(index)
      await this.#enumerator.addReader(index)
    }
    while (this.#readers.some(({ status }) => status !== 'end-of-input') && this.#recordsLeft() > 0) {
      await this.#deliverMail()
      for (const [index, running] of this.#readers.entries()) {
        if (running.status === 'end-of-input' || this.#recordsLeft() === 0) continue
        const limit = this.#options.pollLimit?.(index) ?? Number.POSITIVE_INFINITY
        running.output.admit(Math.min(limit, this.#recordsLeft()))
        running.status = running.reader.pollNext(running.output)
      }
      await this.#untilWorthPolling()
    }
    return {
      records: this.#readers.map(({ output }) => output.records),
      splits: this.#splits,
      counters: this.#metrics.values(),
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

  #recordsLeft(): number {
    const count = this.#readers.reduce((sum, { output }) => sum + output.records.length, 0)
    return (this.#options.recordsMax ?? Number.POSITIVE_INFINITY) - count
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
