import { messageOf } from '../base/message-of.ts'
import { Availability } from './availability.ts'
import { ConnectorError } from './connector-error.ts'
import { FixedSplitEnumerator } from './fixed-split-enumerator.ts'
import type {
  InputStatus,
  ReaderOutput,
  Source,
  SourceReader,
  SourceReaderContext,
  SourceSplit,
  SplitEnumerator,
  SplitEnumeratorContext,
} from './source.ts'

/** What an iterable's factory may ask for. */
export interface AsyncIterableContext {
  /** Aborted when the job ends for whatever reason: hand it to what the iterable waits for. */
  readonly signal: AbortSignal
}

/** Makes the iterable, in the thread that reads it. Called once per attempt of the job. */
export type AsyncIterableFactory<T> = (context: AsyncIterableContext) => AsyncIterable<T> | Iterable<T>

/** Records read ahead of the subtask. Room for a poll of the task's loop; beyond it the iterable is not asked. */
const bufferedRecordsMax = 1_024

/** An iterable that ignores its signal and never settles must not hold up the end of the job for longer. */
const closeTimeoutMs = 1_000

/** The iterable as a whole. */
export interface AsyncIterableSplit extends SourceSplit {
  /** Whether it was begun before the snapshot that the job starts from. */
  readonly isRepeated?: boolean
}

/**
 * Emits what an async iterable yields, in one subtask.
 *
 * It cannot be replayed, like any of Flink's sources without positions: snapshots know only whether it has ended. When the
 * job starts from one in which it had not, after a failure as well as by hand, the factory is called again, with a warning
 * in the log. What it yielded before comes again, or is lost, as the factory has it, so there is no exactly-once from here
 * on. An iterable that had ended is not asked again.
 */
export class AsyncIterableSource<T> implements Source<T, AsyncIterableSplit> {
  readonly boundedness = 'continuous-unbounded'
  readonly defaultParallelism = 1
  readonly parallelismMax = 1
  readonly #factory: AsyncIterableFactory<T>

  constructor(factory: AsyncIterableFactory<T>) {
    this.#factory = factory
  }

  createEnumerator(context: SplitEnumeratorContext<AsyncIterableSplit>): SplitEnumerator {
    return new FixedSplitEnumerator([{ splitId: 'all' }], context)
  }

  restoreEnumerator(context: SplitEnumeratorContext<AsyncIterableSplit>, state: unknown): SplitEnumerator {
    return FixedSplitEnumerator.restore(state, context)
  }

  createReader(context: SourceReaderContext): SourceReader<T, AsyncIterableSplit> {
    return new AsyncIterableReader(this.#factory, context)
  }
}

class AsyncIterableReader<T> implements SourceReader<T, AsyncIterableSplit> {
  readonly #factory: AsyncIterableFactory<T>
  readonly #context: SourceReaderContext
  readonly #abort = new AbortController()
  readonly #availability = new Availability()
  readonly #room = new Availability()
  #buffer: T[] = []
  /** Position in `#buffer` of the next record to emit. */
  #next = 0
  #iterator: AsyncIterator<T> | Iterator<T> | undefined
  #pump: Promise<void> | undefined
  #returned: Promise<void> | undefined
  #exhausted = false
  #closed = false
  #failure: ConnectorError | undefined
  #noMoreSplits = false

  constructor(factory: AsyncIterableFactory<T>, context: SourceReaderContext) {
    this.#factory = factory
    this.#context = context
  }

  pollNext(output: ReaderOutput<T>): InputStatus {
    while (this.#next < this.#buffer.length) {
      if (!output.collect(this.#buffer[this.#next++] as T)) return 'more-available'
    }
    if (this.#buffer.length > 0) {
      this.#buffer = []
      this.#next = 0
      this.#room.notify()
    }
    if (this.#failure !== undefined) throw this.#failure
    if (this.#exhausted) return 'end-of-input'
    return this.#noMoreSplits && this.#pump === undefined ? 'end-of-input' : 'nothing-available'
  }

  isAvailable(): Promise<void> {
    return this.#availability.wait()
  }

  addSplits(splits: readonly AsyncIterableSplit[]): void {
    if (splits[0]?.isRepeated === true) {
      this.#context.logger.warn(
        'The iterable of fromAsyncIterable cannot go on where the snapshot left it: it is begun anew, so records may come ' +
          'twice or be missing',
        { operator: this.#context.taskInfo.name },
      )
    }
    this.#pump = this.#readAhead()
    const stop = () => this.#stop()
    if (this.#context.signal.aborted) stop()
    else this.#context.signal.addEventListener('abort', stop, { once: true, signal: this.#abort.signal })
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#availability.notify()
  }

  snapshotState(): readonly AsyncIterableSplit[] {
    const hasEnded = this.#exhausted && this.#next === this.#buffer.length
    return this.#pump === undefined || hasEnded ? [] : [{ splitId: 'all', isRepeated: true }]
  }

  async close(): Promise<void> {
    this.#stop()
    const timeout = Promise.withResolvers<void>()
    const cancel = this.#context.clock.schedule(closeTimeoutMs, timeout.resolve)
    await Promise.race([Promise.all([this.#pump, this.#returned]), timeout.promise])
    cancel()
  }

  /** Runs beside the task's loop, and never rejects: a failure is reported by the poll that finds it. */
  async #readAhead(): Promise<void> {
    try {
      const iterator = iteratorOf(this.#factory({ signal: this.#abort.signal }))
      this.#iterator = iterator
      while (!this.#closed) {
        const result = await iterator.next()
        if (result.done === true) {
          this.#exhausted = true
          break
        }
        this.#buffer.push(result.value)
        this.#availability.notify()
        while (this.#buffer.length >= bufferedRecordsMax && !this.#closed) await this.#room.wait()
      }
    } catch (cause) {
      this.#exhausted = true
      // An iterable that rejects because its signal was aborted does what it should.
      if (!this.#closed) this.#failure = failed(cause)
    }
    this.#availability.notify()
  }

  /** What leaving a for-await loop early does: the iterable gives back what it holds, even within a pending next(). */
  #stop(): void {
    if (this.#closed) return
    this.#closed = true
    this.#abort.abort()
    if (!this.#exhausted) this.#returned = this.#returnIterator()
    this.#room.notify()
    this.#availability.notify()
  }

  async #returnIterator(): Promise<void> {
    try {
      await this.#iterator?.return?.()
    } catch (cause) {
      this.#context.logger.warn('The iterable of fromAsyncIterable failed while it was closed', {
        cause: String(cause),
      })
    }
  }
}

function iteratorOf<T>(iterable: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  if (Symbol.asyncIterator in iterable) return iterable[Symbol.asyncIterator]()
  return iterable[Symbol.iterator]()
}

function failed(cause: unknown): ConnectorError {
  const message = messageOf(cause)
  return new ConnectorError(
    'ASYNC_ITERABLE_FAILED',
    `The iterable of fromAsyncIterable failed: ${message}`,
    {},
    { cause },
  )
}
