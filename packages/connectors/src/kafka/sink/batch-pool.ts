import { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'

/** Beside the records that a batch is meant for: its head, and what characters beyond ASCII take more than was thought. */
const spareBytes = 1_024
/** Batches may be meant to have one record each. */
const bytesMin = 2_048

/**
 * The memory that batches are filled in, taken from here and given back when they are acknowledged. It is bounded as Kafka's
 * `buffer.memory` is: batches that are taken, times their size. Whoever takes more is not refused, but told to wait.
 */
export class BatchPool {
  /** How many may be out: as many as fit into the memory, but one under way and one being filled in any case. */
  readonly batchesMax: number
  readonly #initialBytes: number
  readonly #free: RecordBatchBuilder[] = []
  #taken = 0
  #room: PromiseWithResolvers<void> | undefined

  constructor(batchBytes: number, memoryBytes: number) {
    this.#initialBytes = Math.max(batchBytes, bytesMin) + spareBytes
    this.batchesMax = Math.max(2, Math.floor(memoryBytes / this.#initialBytes))
  }

  get taken(): number {
    return this.#taken
  }

  take(): RecordBatchBuilder {
    this.#taken++
    return this.#free.pop() ?? new RecordBatchBuilder(this.#initialBytes)
  }

  /** Nobody sends the bytes of `batch` any more. */
  giveBack(batch: RecordBatchBuilder): void {
    // One that has grown for a large record would keep that memory.
    if (batch.sizeBytes <= this.#initialBytes && this.#free.length < this.batchesMax) {
      batch.reset()
      this.#free.push(batch)
    }
    this.lose()
  }

  /** A batch that was taken does not come back: it is not known who still has its bytes. */
  lose(): void {
    this.#taken--
    if (this.#taken <= this.batchesMax / 2) this.makeRoom()
  }

  /** Nobody is to wait any longer, since something has failed. */
  makeRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  /** Undefined while there is room, else a promise that resolves when half of the memory is back. */
  whenRoom(): Promise<void> | undefined {
    if (this.#taken < this.batchesMax) return undefined
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }
}
