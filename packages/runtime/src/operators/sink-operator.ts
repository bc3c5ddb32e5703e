import type { Sink, SinkWriter } from '../connector/sink.ts'
import type { OperatorListState } from '../state/state.ts'
import { ListStateDescriptor } from '../state/state-descriptor.ts'
import type { AwaitedWrites } from './awaited-writes.ts'
import type { OperatorContext } from './generated-operator.ts'
import { OperatorError } from './operator-error.ts'
import { type PreparedCommit, SinkCommits } from './sink-commits.ts'

/**
 * A sink's writer and committer in one subtask (org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperator and
 * CommitterOperator). At a checkpoint the writer flushes and says what is to be committed; that is kept in the snapshot, and
 * committed when the checkpoint is complete.
 */
export class SinkOperator {
  /** The text of the operator writes to it. */
  writer: SinkWriter<unknown> | undefined
  readonly #sink: Sink<unknown>
  readonly #writes: AwaitedWrites
  #context!: OperatorContext
  #writerState!: OperatorListState<unknown>
  #commits: SinkCommits | undefined
  /** What was prepared at the end of the input: it belongs to the first checkpoint after it. */
  #lastCommittables: readonly unknown[] = []
  #hasEndedInput = false
  #isClosed = false

  constructor(sink: Sink<unknown>, writes: AwaitedWrites) {
    this.#sink = sink
    this.#writes = writes
  }

  async open(context: OperatorContext): Promise<void> {
    this.#context = context
    const { operator } = context.states
    this.#writerState = operator.listState(new ListStateDescriptor<unknown>('writer-state'))
    const committer = await this.#sink.createCommitter?.(context)
    // Whoever canceled has not waited for us for ever.
    if (this.#isClosed) return committer?.close?.()
    if (committer !== undefined) {
      this.#commits = new SinkCommits(
        committer,
        operator.listState(new ListStateDescriptor<PreparedCommit>('sink-committables')),
      )
      // The checkpoint that we come from is complete, so all that it holds may become visible: before anything new.
      await this.#commits.commit(Number.MAX_SAFE_INTEGER)
      if (this.#isClosed) return
    }
    const writer = await this.#createWriter()
    if (this.#isClosed) return writer.close?.()
    if (writer.prepareCommit !== undefined && committer === undefined) {
      await writer.close?.()
      throw new OperatorError(
        'SINK_WITHOUT_COMMITTER',
        `The writer of the sink "${context.taskInfo.name}" has prepareCommit(), but nothing commits what it prepares: give the sink a createCommitter().`,
      )
    }
    this.writer = writer
    this.#writes.use(writer)
  }

  /** Before the barrier. */
  prepareSnapshot(checkpointId: number): void | Promise<void> {
    if (this.#hasEndedInput) {
      this.#commits?.prepare(checkpointId, this.#lastCommittables)
      this.#lastCommittables = []
      return
    }
    const { writer } = this
    if (writer?.flush !== undefined || writer?.prepareCommit !== undefined) return this.#prepare(writer, checkpointId)
  }

  snapshotState(checkpointId: number): void | Promise<void> {
    this.#commits?.snapshot()
    if (this.writer?.snapshotState !== undefined) return this.#snapshotWriter(checkpointId)
  }

  notifyCheckpointComplete(checkpointId: number): void | Promise<void> {
    return this.#commits?.commit(checkpointId)
  }

  /** At the end of the input. */
  async flush(): Promise<void> {
    await this.writer?.flush?.(true)
    this.#lastCommittables = (await this.writer?.prepareCommit?.()) ?? []
    this.#hasEndedInput = true
    // Without checkpoints there is nothing to wait for.
    if (this.#commits === undefined || this.#context.checkpointingEnabled) return
    this.#commits.prepare(Number.MAX_SAFE_INTEGER, this.#lastCommittables)
    this.#lastCommittables = []
    await this.#commits.commit(Number.MAX_SAFE_INTEGER)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    try {
      await this.writer?.close?.()
    } finally {
      await this.#commits?.close()
    }
  }

  async #prepare(writer: SinkWriter<unknown>, checkpointId: number): Promise<void> {
    await writer.flush?.(false)
    const committables = await writer.prepareCommit?.()
    if (committables !== undefined) this.#commits?.prepare(checkpointId, committables)
  }

  async #snapshotWriter(checkpointId: number): Promise<void> {
    this.#writerState.update((await this.writer?.snapshotState?.(checkpointId)) ?? [])
  }

  async #createWriter(): Promise<SinkWriter<unknown>> {
    const parts = this.#writerState.get()
    if (parts.length === 0) return this.#sink.createWriter(this.#context)
    if (this.#sink.restoreWriter !== undefined) return this.#sink.restoreWriter(this.#context, parts)
    throw new OperatorError(
      'SINK_WITHOUT_RESTORE',
      `The job starts from a snapshot in which the writer of the sink "${this.#context.taskInfo.name}" has state, but the sink has no restoreWriter() to take it.`,
    )
  }
}
