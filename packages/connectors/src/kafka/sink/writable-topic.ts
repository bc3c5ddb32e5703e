import type { TopicMetadata } from '../driver/kafka-driver.ts'
import type { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import type { RecordPart } from '../formats/record-part.ts'

/** One partition that a writer has written to, or may write to. */
export interface WritablePartition {
  readonly topic: WritableTopic
  readonly partition: number
  /** What is being filled. */
  batch: RecordBatchBuilder | undefined
  /** When the batch leaves though it is not full, on the monotonic clock. */
  leavesAtMs: number
}

/** A topic as a writer sees it: its partitions with the batches that are being filled, and where the next record without key goes. */
export class WritableTopic {
  readonly name: string
  /** What formats are told of where they write. */
  readonly keyPart: RecordPart
  readonly valuePart: RecordPart
  /** As of the last look; never fewer than `partitionCount`. */
  readonly partitions: WritablePartition[] = []
  partitionCount = 0
  /** Where records without key go until its batch leaves. */
  keylessPartition = 0
  /** Partitions with a leader; all if none has one. */
  #available: readonly number[] = []
  #turn: number

  /** Writers start at different partitions: by `turn`, the number of the subtask. */
  constructor(metadata: TopicMetadata, turn: number) {
    const { topic } = metadata
    this.name = topic
    this.keyPart = { topic, isKey: true }
    this.valuePart = { topic, isKey: false }
    this.#turn = turn
    this.update(metadata)
  }

  update({ partitions }: TopicMetadata): void {
    this.partitionCount = partitions.length
    while (this.partitions.length < partitions.length) {
      const partition = this.partitions.length
      this.partitions.push({ topic: this, partition, batch: undefined, leavesAtMs: 0 })
    }
    const led = partitions.filter(({ leader }) => leader >= 0)
    this.#available = (led.length > 0 ? led : partitions).map(({ partition }) => partition)
    this.#turn--
    this.nextKeylessPartition()
  }

  /** Kafka's clients take one at random. In turn, batches are spread more evenly, and runs can be repeated. */
  nextKeylessPartition(): void {
    this.#turn = (this.#turn + 1) % this.#available.length
    this.keylessPartition = this.#available[this.#turn]!
  }
}
