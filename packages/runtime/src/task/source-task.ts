import { assert } from '../base/assert.ts'
import type { InputStatus, SourceReader, SourceReaderContext, SourceSplit } from '../connector/source.ts'
import { NO_RECORD, OperatorFailure } from '../operators/operator-failure.ts'
import type { Chain } from './chain.ts'

export interface SourceTaskParts {
  readonly operatorName: string
  readonly createReader: (context: SourceReaderContext) => SourceReader<unknown, SourceSplit>
  readonly context: SourceReaderContext
  readonly wake: () => void
  /** Called when the reader exists, before it may ask for splits. */
  readonly onStarted: () => void
}

/** The reader of a source subtask: when to poll it, and what the coordinator tells it. */
export class SourceTask {
  readonly operatorName: string
  readonly #parts: SourceTaskParts
  readonly #wake: () => void
  #reader: SourceReader<unknown, SourceSplit> | undefined
  #ready = true
  /** What the coordinator said before the reader had started; undefined from then on. */
  #early: (() => void)[] | undefined = []
  #failure: { readonly error: unknown } | undefined

  constructor(parts: SourceTaskParts) {
    this.operatorName = parts.operatorName
    this.#parts = parts
    this.#wake = parts.wake
  }

  /** Whether polling is worth it. */
  get isReady(): boolean {
    return this.#ready || this.#failure !== undefined
  }

  async start(): Promise<void> {
    const { createReader, context, onStarted } = this.#parts
    try {
      this.#reader = createReader(context)
      onStarted()
      await this.#reader.start?.()
      const early = this.#early ?? []
      this.#early = undefined
      for (const tell of early) tell()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  poll(chain: Chain, recordsMax: number): InputStatus {
    if (this.#failure !== undefined) throw this.#failed(this.#failure.error)
    const status = this.#attempt(() => chain.poll(this.#started(), recordsMax))
    if (status === 'nothing-available') this.#awaitInput()
    return status
  }

  addSplits(splits: readonly SourceSplit[]): void {
    this.#tell((reader) => reader.addSplits(splits))
  }

  notifyNoMoreSplits(): void {
    this.#tell((reader) => reader.notifyNoMoreSplits())
  }

  handleSourceEvent(event: unknown): void {
    this.#tell((reader) => reader.handleSourceEvent?.(event))
  }

  async close(): Promise<void> {
    await this.#reader?.close?.()
  }

  #started(): SourceReader<unknown, SourceSplit> {
    assert(this.#reader !== undefined, () => `the reader of "${this.operatorName}" has not been started`)
    return this.#reader
  }

  /** Tells the reader, but not while its `start` is under way. */
  #tell(message: (reader: SourceReader<unknown, SourceSplit>) => void): void {
    const tell = () => {
      this.#attempt(() => message(this.#started()))
      this.#again()
    }
    if (this.#early === undefined) tell()
    else this.#early.push(tell)
  }

  #awaitInput(): void {
    this.#ready = false
    const available = this.#attempt(() => this.#started().isAvailable())
    Promise.resolve(available).then(
      () => this.#again(),
      (error: unknown) => {
        this.#failure = { error }
        this.#wake()
      },
    )
  }

  #again(): void {
    this.#ready = true
    this.#wake()
  }

  #attempt<R>(action: () => R): R {
    try {
      return action()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  #failed(error: unknown): OperatorFailure {
    return error instanceof OperatorFailure ? error : new OperatorFailure(this.operatorName, NO_RECORD, error)
  }
}
