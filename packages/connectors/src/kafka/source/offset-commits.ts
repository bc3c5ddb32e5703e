import type { Counter, SourceReaderContext } from '@millrace/runtime/connector'
import type { KafkaDriver, PartitionOffset } from '../driver/kafka-driver.ts'
import { messageOf } from '../message-of.ts'

/** Checkpoints that neither completed nor were aborted: more are not remembered. */
const checkpointsMax = 100

/**
 * Tells the group's coordinator how far each completed checkpoint has come. For people and tools that watch the group's lag:
 * a restored job goes by its snapshot, so a commit that fails is counted, logged, and made up for by the next.
 */
export class OffsetCommits {
  readonly #groupId: string
  readonly #driver: () => KafkaDriver
  readonly #context: SourceReaderContext
  readonly #succeeded: Counter
  readonly #failed: Counter
  readonly #byCheckpoint = new Map<number, readonly PartitionOffset[]>()
  #underWay: Promise<void> | undefined
  /** At most one waits: a newer one says all that an older one does. */
  #next: readonly PartitionOffset[] | undefined

  readonly #onCommitted: (offsets: readonly PartitionOffset[]) => void

  constructor(
    groupId: string,
    driver: () => KafkaDriver,
    context: SourceReaderContext,
    onCommitted: (offsets: readonly PartitionOffset[]) => void,
  ) {
    this.#onCommitted = onCommitted
    this.#groupId = groupId
    this.#driver = driver
    this.#context = context
    this.#succeeded = context.metrics.counter('KafkaSourceReader.commitsSucceeded')
    this.#failed = context.metrics.counter('KafkaSourceReader.commitsFailed')
  }

  /** Remembers `offsets` until the checkpoint is complete. */
  put(checkpointId: number, offsets: readonly PartitionOffset[]): void {
    this.#byCheckpoint.set(checkpointId, offsets)
    if (this.#byCheckpoint.size > checkpointsMax) {
      const [oldest] = this.#byCheckpoint.keys()
      this.#byCheckpoint.delete(oldest!)
    }
  }

  complete(checkpointId: number): void {
    const offsets = this.#byCheckpoint.get(checkpointId)
    for (const id of this.#byCheckpoint.keys()) if (id <= checkpointId) this.#byCheckpoint.delete(id)
    if (offsets === undefined || offsets.length === 0) return
    this.#next = offsets
    this.#underWay ??= this.#commitAll()
  }

  abort(checkpointId: number): void {
    this.#byCheckpoint.delete(checkpointId)
  }

  /** Resolves when nothing is under way; never rejects. */
  async settled(): Promise<void> {
    await this.#underWay
  }

  async #commitAll(): Promise<void> {
    for (let offsets = this.#next; offsets !== undefined; offsets = this.#next) {
      this.#next = undefined
      try {
        await this.#driver().commitOffsets(this.#groupId, offsets)
        this.#succeeded.inc()
        this.#onCommitted(offsets)
      } catch (error) {
        this.#failed.inc()
        const reason = messageOf(error)
        this.#context.logger.warn('could not commit offsets of a checkpoint', { groupId: this.#groupId, reason })
      }
    }
    this.#underWay = undefined
  }
}
