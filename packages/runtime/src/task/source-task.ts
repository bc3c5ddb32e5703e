import { assert } from '../base/assert.ts'
import type { InputStatus, SourceReader, SourceReaderContext, SourceSplit } from '../connector/source.ts'
import { NO_RECORD, OperatorFailure } from '../operators/operator-failure.ts'
import type { OperatorStateBackend } from '../state/operator-state-backend.ts'
import type { OperatorListState } from '../state/state.ts'
import { ListStateDescriptor } from '../state/state-descriptor.ts'
import type { Chain } from './chain.ts'

export interface SourceTaskParts {
  readonly operatorName: string
  readonly createReader: (context: SourceReaderContext) => SourceReader<unknown, SourceSplit>
  readonly context: SourceReaderContext
  readonly wake: () => void
  /** Of the source's operator: its splits are kept there. */
  readonly state: OperatorStateBackend
  /** Called when the reader exists, before it may ask for splits. */
  readonly onStarted: () => void
}

/** Stands for a checkpoint between what was said before and after its trigger. */
interface HeldCheckpoint {
  readonly checkpointId: number
}

/** The name of the list state that splits are kept in, as in Flink's SourceOperator. */
const SPLITS_STATE = 'SourceReaderState'

/** The reader of a source subtask: when to poll it, and what the coordinator tells it. */
export class SourceTask {
  readonly operatorName: string
  readonly #parts: SourceTaskParts
  readonly #wake: () => void
  #reader: SourceReader<unknown, SourceSplit> | undefined
  #ready = true
  /**
   * What the coordinator said before the reader had started, or while a checkpoint is about to be taken, which stands before
   * what was said after its trigger.
   */
  #deferred: ((() => void) | HeldCheckpoint)[] = []
  #started = false
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

  /** Whether completed checkpoints matter to it, also the one after its last record. */
  get commitsOnCheckpoint(): boolean {
    return this.#reader?.commitsOnCheckpoint === true
  }

  async start(): Promise<void> {
    const { createReader, context, onStarted } = this.#parts
    try {
      this.#reader = createReader(context)
      const splits = this.#splits().get()
      if (splits.length > 0) this.#reader.addSplits(splits)
      onStarted()
      await this.#reader.start?.()
      this.#started = true
      this.#tellDeferred()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  poll(chain: Chain, recordsMax: number): InputStatus {
    if (this.#failure !== undefined) throw this.#failed(this.#failure.error)
    const status = this.#attempt(() => chain.poll(this.#current(), recordsMax))
    if (status === 'nothing-available') this.#awaitInput()
    return status
  }

  /**
   * A checkpoint is about to be taken. Until `release` the reader is not told what comes from now on, which does not belong
   * to it; nor before `release` of one that is held later what comes after that.
   */
  hold(checkpointId: number): void {
    this.#deferred.push({ checkpointId })
  }

  /** The checkpoint was taken, or will not be. */
  release(checkpointId: number): void {
    this.#deferred = this.#deferred.filter((each) => typeof each === 'function' || each.checkpointId !== checkpointId)
    this.#tellDeferred()
  }

  /** Puts the reader's splits, with their positions, into the operator's state. */
  snapshotState(checkpointId: number): void {
    this.#attempt(() => this.#splits().update(this.#current().snapshotState?.(checkpointId) ?? []))
  }

  async notifyCheckpointComplete(checkpointId: number): Promise<void> {
    try {
      await this.#reader?.notifyCheckpointComplete?.(checkpointId)
    } catch (error) {
      throw this.#failed(error)
    }
  }

  async notifyCheckpointAborted(checkpointId: number): Promise<void> {
    try {
      await this.#reader?.notifyCheckpointAborted?.(checkpointId)
    } catch (error) {
      throw this.#failed(error)
    }
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

  #splits(): OperatorListState<SourceSplit> {
    return this.#parts.state.listState(new ListStateDescriptor<SourceSplit>(SPLITS_STATE))
  }

  #current(): SourceReader<unknown, SourceSplit> {
    assert(this.#reader !== undefined, () => `the reader of "${this.operatorName}" has not been started`)
    return this.#reader
  }

  /** Tells the reader, but not while its `start` is under way, or before a checkpoint that was triggered before. */
  #tell(message: (reader: SourceReader<unknown, SourceSplit>) => void): void {
    const tell = () => {
      this.#attempt(() => message(this.#current()))
      this.#again()
    }
    this.#deferred.push(tell)
    this.#tellDeferred()
  }

  /** As far as the next checkpoint. */
  #tellDeferred(): void {
    if (!this.#started) return
    for (let next = this.#deferred[0]; typeof next === 'function'; next = this.#deferred[0]) {
      this.#deferred.shift()
      next()
    }
  }

  #awaitInput(): void {
    this.#ready = false
    const available = this.#attempt(() => this.#current().isAvailable())
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
