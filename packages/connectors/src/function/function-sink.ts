import {
  ConnectorError,
  type Logger,
  preview,
  type Sink,
  type SinkWriter,
  type SinkWriterContext,
  type TaskInfo,
} from '@millrace/runtime/connector'

/** What the function of a {@link FunctionSink} gets beside the record. */
export interface FunctionSinkContext {
  /** Aborted when the job is being canceled or has failed. Hand it to `fetch` and the like. */
  readonly signal: AbortSignal
  readonly taskInfo: TaskInfo
  readonly logger: Logger
}

/** Takes one record. The job goes on reading while fewer than `concurrency` returned promises are pending. */
export type SinkFunction<T> = (record: T, context: FunctionSinkContext) => void | Promise<void>

/** How {@link FunctionSink} calls the function. */
export interface FunctionSinkOptions {
  /**
   * How many calls of one subtask may be pending at a time; 1 by default, which keeps the order of records.
   * With more, records are begun in order and may end in any.
   */
  readonly concurrency?: number
  /** Called once in each subtask when all its calls have ended, also after a failure. */
  readonly close?: () => void | Promise<void>
}

/**
 * Hands every record to a function, so that anything in Node can be a sink. Slow functions slow the job down: what
 * comes next waits until the returned promise has settled.
 *
 * A checkpoint waits until all calls have settled, so after a restore every record is handed over at least once: those that
 * came after the snapshot once more. Make the function idempotent, say by a key, where that matters.
 *
 * @throws ConnectorError `FUNCTION_SINK_FAILED`, with the record and the cause, if the function throws or rejects;
 * `INVALID_OPTION`.
 *
 * @example
 * import { setTimeout } from 'node:timers/promises'
 * const stored: number[] = []
 * // Stands for a request: await fetch(url, { method: 'POST', body: JSON.stringify(n), signal })
 * const store = async (n: number, signal: AbortSignal) => {
 *   await setTimeout(1, undefined, { signal })
 *   stored.push(n)
 * }
 * const job = defineJob('store', (env) => {
 *   env.fromSequence(1, 3).sinkTo(FunctionSink.from((n, { signal }) => store(n, signal), { concurrency: 8 }))
 * })
 * await runInSimulation(job)
 * stored.toSorted() // -> [1, 2, 3]
 */
export class FunctionSink<T> implements Sink<T> {
  readonly #write: SinkFunction<T>
  readonly #options: Required<FunctionSinkOptions>

  private constructor(write: SinkFunction<T>, options: FunctionSinkOptions) {
    this.#write = write
    this.#options = { concurrency: options.concurrency ?? 1, close: options.close ?? (() => {}) }
  }

  /**
   * The sink that calls `write` with every record.
   *
   * @throws ConnectorError `INVALID_OPTION`.
   * @example
   * FunctionSink.from(() => {}, { concurrency: 0 }) // throws ConnectorError: concurrency must be an integer of at least 1
   */
  static from<T>(write: SinkFunction<T>, options: FunctionSinkOptions = {}): FunctionSink<T> {
    const { concurrency = 1 } = options
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new ConnectorError('INVALID_OPTION', `concurrency must be an integer of at least 1, not ${concurrency}`, {
        option: 'concurrency',
        value: concurrency,
      })
    }
    return new FunctionSink(write, options)
  }

  createWriter({ signal, taskInfo, logger }: SinkWriterContext): SinkWriter<T> {
    return new FunctionSinkWriter(this.#write, this.#options, { signal, taskInfo, logger })
  }
}

class FunctionSinkWriter<T> implements SinkWriter<T> {
  readonly #write: SinkFunction<T>
  readonly #options: Required<FunctionSinkOptions>
  readonly #context: FunctionSinkContext
  /** At most `concurrency`. They never reject. */
  readonly #pending = new Set<Promise<void>>()
  #failure: ConnectorError | undefined

  constructor(write: SinkFunction<T>, options: Required<FunctionSinkOptions>, context: FunctionSinkContext) {
    this.#write = write
    this.#options = options
    this.#context = context
  }

  write(record: T): void | Promise<void> {
    this.#throwIfFailed()
    let call: void | Promise<void>
    try {
      call = this.#write(record, this.#context)
    } catch (error) {
      throw functionFailed(record, error)
    }
    if (call === undefined) return
    const pending: Promise<void> = call.then(
      () => this.#settle(pending),
      (error: unknown) => {
        this.#failure ??= functionFailed(record, error)
        this.#settle(pending)
      },
    )
    this.#pending.add(pending)
    if (this.#pending.size >= this.#options.concurrency) return this.#untilOneSettles()
  }

  async flush(): Promise<void> {
    await Promise.all(this.#pending)
    this.#throwIfFailed()
  }

  async close(): Promise<void> {
    await Promise.all(this.#pending)
    await this.#options.close()
  }

  async #untilOneSettles(): Promise<void> {
    await Promise.race(this.#pending)
    this.#throwIfFailed()
  }

  #settle(pending: Promise<void>): void {
    this.#pending.delete(pending)
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

function functionFailed(record: unknown, cause: unknown): ConnectorError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new ConnectorError(
    'FUNCTION_SINK_FAILED',
    `The function of the sink failed on the record ${preview(record)}: ${reason}`,
    { record: preview(record) },
    { cause },
  )
}
