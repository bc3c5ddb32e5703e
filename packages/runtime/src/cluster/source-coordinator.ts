import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Source, SourceSplit, SplitEnumerator, SplitEnumeratorContext } from '../connector/source.ts'
import type { JobVertex } from '../graph/job-graph.ts'
import type { CoordinatorMessage } from '../protocol/messages.ts'
import type { UserValues } from '../protocol/user-values.ts'
import { ClusterError } from './cluster-error.ts'

/** The coordinator's half of one source: its enumerator, whose calls are made one after the other. */
export class SourceCoordinator {
  readonly #vertex: JobVertex
  readonly #enumerator: SplitEnumerator
  readonly #values: UserValues
  readonly #abort = new AbortController()
  readonly #readers = new Set<number>()
  readonly #fail: (error: unknown) => void
  #calls: Promise<void> = Promise.resolve()
  #ended = false

  constructor(parts: {
    readonly vertex: JobVertex
    readonly source: Source<unknown>
    readonly values: UserValues
    readonly clock: Clock
    readonly logger: Logger
    readonly send: (subtaskIndex: number, message: CoordinatorMessage) => void
    readonly fail: (error: unknown) => void
  }) {
    const { vertex, source, values, clock, logger, send } = parts
    this.#vertex = vertex
    this.#values = values
    this.#fail = parts.fail
    const address = (subtaskIndex: number) => ({ vertexIndex: vertex.index, subtaskIndex })
    const context: SplitEnumeratorContext<SourceSplit> = {
      parallelism: vertex.parallelism,
      logger,
      clock,
      signal: this.#abort.signal,
      registeredReaders: () => [...this.#readers].sort((a, b) => a - b),
      assignSplit: (split, i) => send(i, { kind: 'add-splits', subtask: address(i), splits: values.encode([split]) }),
      signalNoMoreSplits: (i) => send(i, { kind: 'no-more-splits', subtask: address(i) }),
      sendEventToReader: (i, event) =>
        send(i, { kind: 'source-event', subtask: address(i), event: values.encode(event) }),
    }
    this.#enumerator = source.createEnumerator(context)
  }

  /** Resolves when the enumerator has started; rejects if it could not. */
  async start(): Promise<void> {
    try {
      await this.#enumerator.start()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  addReader(subtaskIndex: number): void {
    this.#readers.add(subtaskIndex)
    this.#call(() => this.#enumerator.addReader(subtaskIndex))
  }

  handleSplitRequest(subtaskIndex: number): void {
    this.#call(() => this.#enumerator.handleSplitRequest(subtaskIndex))
  }

  handleSourceEvent(subtaskIndex: number, event: Uint8Array): void {
    this.#call(() => this.#enumerator.handleSourceEvent?.(subtaskIndex, this.#values.decode(event)))
  }

  /** Ends the enumerator; later calls are ignored. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#abort.abort()
    await this.#calls
    await this.#enumerator.close?.()
  }

  #call(action: () => void | Promise<void>): void {
    this.#calls = this.#calls.then(async () => {
      if (this.#ended) return
      try {
        await action()
      } catch (error) {
        if (!this.#ended) this.#fail(this.#failed(error))
      }
    })
  }

  #failed(error: unknown): ClusterError {
    const reason = error instanceof Error ? error.message : String(error)
    return new ClusterError(
      'ENUMERATOR_FAILED',
      `The source "${this.#vertex.operators[0]!.name}" could not find its input: ${reason}`,
      { operator: this.#vertex.operators[0]!.name },
      { cause: error },
    )
  }
}
