import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { Committer, Sink, SinkWriter, SinkWriterContext } from '../../connector/sink.ts'
import type { ExternalSystem } from './external-system.ts'
import type { FaultPoints } from './fault-points.ts'

export interface TransactionalSinkParts<T> {
  readonly external: ExternalSystem<T>
  readonly faults: FaultPoints
  readonly random: Random
  /** Told of every record. */
  readonly onWrite?: (clock: Clock) => void
  /** Tells the jobs that write to the same system apart. */
  readonly run: () => number
}

/** Virtual time that a commit takes at most. */
const COMMIT_MS_MAX = 5

/**
 * Writes into transactions of an external system, one a checkpoint, and commits them when that is complete: exactly-once
 * output as Flink's two-phase sinks have it.
 */
export class TransactionalSink<T> implements Sink<T> {
  readonly #parts: TransactionalSinkParts<T>

  constructor(parts: TransactionalSinkParts<T>) {
    this.#parts = parts
  }

  createWriter(context: SinkWriterContext): SinkWriter<T> {
    return new TransactionalWriter(this.#parts, context)
  }

  createCommitter({ taskInfo, clock }: SinkWriterContext): Committer {
    const { external, faults, random } = this.#parts
    return {
      commit: async (committables) => {
        faults.reach('commit', taskInfo.index)
        for (const id of committables as readonly number[]) {
          await delay(clock, random.below(COMMIT_MS_MAX))
          external.commit(id)
        }
        faults.reach('committed', taskInfo.index)
      },
    }
  }
}

class TransactionalWriter<T> implements SinkWriter<T> {
  readonly #parts: TransactionalSinkParts<T>
  readonly #subtaskIndex: number
  readonly #generation: number
  readonly #clock: Clock
  #open: number | undefined
  /** Prepared since the last snapshot. */
  #prepared: number[] = []

  constructor(parts: TransactionalSinkParts<T>, { taskInfo, clock, restoredCheckpointId }: SinkWriterContext) {
    this.#parts = parts
    this.#clock = clock
    this.#subtaskIndex = taskInfo.index
    this.#generation = parts.external.connect(parts.run(), taskInfo.attempt, restoredCheckpointId)
  }

  write(record: T): void {
    const { external, faults, onWrite } = this.#parts
    onWrite?.(this.#clock)
    this.#open ??= external.begin(this.#generation, this.#subtaskIndex)
    external.write(this.#open, record)
    faults.reach('sink write', this.#subtaskIndex)
  }

  prepareCommit(): readonly number[] {
    const { external, faults } = this.#parts
    faults.reach('sink prepare', this.#subtaskIndex)
    if (this.#open === undefined) return []
    const id = this.#open
    this.#open = undefined
    external.prepare(id)
    this.#prepared.push(id)
    return [id]
  }

  snapshotState(checkpointId: number): readonly unknown[] {
    for (const id of this.#prepared) this.#parts.external.assign(id, checkpointId)
    this.#prepared = []
    return []
  }

  close(): void {
    if (this.#open !== undefined) this.#parts.external.abort(this.#open)
  }
}

function delay(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.schedule(delayMs, resolve))
}
