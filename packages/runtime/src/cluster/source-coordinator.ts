import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { messageOf } from '../base/message-of.ts'
import type { JobInfo } from '../connector/job-info.ts'
import type { Source, SourceSplit, SplitEnumerator, SplitEnumeratorContext } from '../connector/source.ts'
import type { JobVertex } from '../graph/job-graph.ts'
import type { CoordinatorMessage, SubtaskAddress } from '../protocol/messages.ts'
import type { UserValues } from '../protocol/user-values.ts'
import { ClusterError } from './cluster-error.ts'
import { ScopedClock } from './scoped-clock.ts'

export interface SourceCoordinatorParts {
  readonly vertex: JobVertex
  readonly jobInfo: JobInfo
  readonly source: Source<unknown>
  readonly values: UserValues
  readonly clock: Clock
  readonly logger: Logger
  /** Of the snapshot that the job starts from; undefined if there is none. */
  readonly restoredState: Uint8Array | undefined
  readonly send: (subtaskIndex: number, message: CoordinatorMessage) => void
  /** Takes what goes wrong outside of `start`. */
  readonly fail: (error: unknown) => void
}

/**
 * The coordinator's half of one source: its enumerator, whose calls are made one after the other. The enumerator is
 * user code: what it does late, wrongly or after the end fails the job at most.
 */
export class SourceCoordinator {
  readonly #parts: SourceCoordinatorParts
  readonly #operatorName: string
  readonly #clock: ScopedClock
  readonly #abort = new AbortController()
  readonly #readers = new Set<number>()
  #enumerator: SplitEnumerator | undefined
  #calls: Promise<void> = Promise.resolve()
  /** Messages to readers that wait for `release`. */
  #held: { readonly subtaskIndex: number; readonly message: CoordinatorMessage }[] | undefined
  #ended = false

  constructor(parts: SourceCoordinatorParts) {
    this.#parts = parts
    this.#operatorName = parts.vertex.operators[0]!.name
    this.#clock = new ScopedClock(parts.clock, (error) => this.#failLate(error))
  }

  /** Resolves when the enumerator has started; rejects if it could not. */
  start(): Promise<void> {
    const started = this.#calls.then(async () => {
      if (this.#ended) return
      try {
        this.#enumerator = this.#createEnumerator()
        await this.#enumerator.start()
      } catch (error) {
        throw this.#failed('could not find its input', error)
      }
    })
    this.#calls = started.catch(() => {})
    return started
  }

  addReader(subtaskIndex: number): void {
    this.#readers.add(subtaskIndex)
    this.#call((enumerator) => enumerator.addReader(subtaskIndex))
  }

  handleSplitRequest(subtaskIndex: number): void {
    this.#call((enumerator) => enumerator.handleSplitRequest(subtaskIndex))
  }

  handleSourceEvent(subtaskIndex: number, event: Uint8Array): void {
    this.#call((enumerator) => enumerator.handleSourceEvent?.(subtaskIndex, this.#parts.values.decode(event)))
  }

  /**
   * What the enumerator keeps, encoded; undefined if it keeps nothing. From then on its messages to readers are held back,
   * until `release`: a split that it assigns after its snapshot must not be in that of a reader as well.
   */
  snapshotState(checkpointId: number): Promise<Uint8Array | undefined> {
    const snapshot = this.#calls.then(() => {
      const enumerator = this.#enumerator
      if (this.#ended || enumerator === undefined) return undefined
      this.#held ??= []
      if (enumerator.snapshotState === undefined) return undefined
      try {
        return this.#parts.values.encode(enumerator.snapshotState(checkpointId))
      } catch (error) {
        throw this.#failed('could not take a snapshot of its enumerator', error)
      }
    })
    this.#calls = snapshot.then(
      () => {},
      () => {},
    )
    return snapshot
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const { subtaskIndex, message } of held) this.#parts.send(subtaskIndex, message)
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#call((enumerator) => enumerator.notifyCheckpointComplete?.(checkpointId))
  }

  get operatorId(): string {
    return this.#parts.vertex.operators[0]!.id
  }

  #createEnumerator(): SplitEnumerator {
    const { source, restoredState, values } = this.#parts
    if (restoredState === undefined || source.restoreEnumerator === undefined) {
      return source.createEnumerator(this.#context())
    }
    return source.restoreEnumerator(this.#context(), values.decode(restoredState))
  }

  /** Ends the enumerator, after the call that it may be in; later calls are ignored. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#clock.close()
    this.#abort.abort()
    await this.#calls
    await this.#enumerator?.close?.()
  }

  #context(): SplitEnumeratorContext<SourceSplit> {
    const { vertex, jobInfo, values, logger } = this.#parts
    return {
      parallelism: vertex.parallelism,
      jobInfo,
      logger,
      clock: this.#clock,
      signal: this.#abort.signal,
      registeredReaders: () => [...this.#readers].sort((a, b) => a - b),
      assignSplit: (split, i) =>
        this.#send('assign a split to', i, (subtask) => ({
          kind: 'add-splits',
          subtask,
          splits: values.encode([split]),
        })),
      signalNoMoreSplits: (i) =>
        this.#send('signal the end of splits to', i, (subtask) => ({ kind: 'no-more-splits', subtask })),
      sendEventToReader: (i, event) =>
        this.#send('send an event to', i, (subtask) => ({
          kind: 'source-event',
          subtask,
          event: values.encode(event),
        })),
    }
  }

  #send(what: string, subtaskIndex: number, message: (subtask: SubtaskAddress) => CoordinatorMessage): void {
    if (this.#ended) return
    if (!this.#readers.has(subtaskIndex)) {
      throw new ClusterError(
        'READER_NOT_REGISTERED',
        `Cannot ${what} reader ${subtaskIndex} of source "${this.#operatorName}", which has not registered. Wait for addReader(${subtaskIndex}); the source has readers 0 to ${this.#parts.vertex.parallelism - 1}.`,
        { operator: this.#operatorName, subtaskIndex },
      )
    }
    const made = message({ vertexIndex: this.#parts.vertex.index, subtaskIndex })
    if (this.#held !== undefined) this.#held.push({ subtaskIndex, message: made })
    else this.#parts.send(subtaskIndex, made)
  }

  #call(action: (enumerator: SplitEnumerator) => void | Promise<void>): void {
    this.#calls = this.#calls.then(async () => {
      if (this.#ended || this.#enumerator === undefined) return
      try {
        await action(this.#enumerator)
      } catch (error) {
        this.#failLate(error)
      }
    })
  }

  #failLate(error: unknown): void {
    if (!this.#ended) this.#parts.fail(this.#failed('failed while it dealt out its input', error))
  }

  #failed(how: string, error: unknown): ClusterError {
    const reason = messageOf(error)
    return new ClusterError(
      'ENUMERATOR_FAILED',
      `The source "${this.#operatorName}" ${how}: ${reason}`,
      { operator: this.#operatorName },
      { cause: error },
    )
  }
}
