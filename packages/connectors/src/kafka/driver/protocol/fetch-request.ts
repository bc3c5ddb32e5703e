import type { PartitionOffset } from '../kafka-driver.ts'
import type { AbortedTransaction } from '../record-batch/aborted-transactions.ts'
import type { ByTopic } from './group-by-topic.ts'
import type { WireRequest } from './wire-request.ts'

export interface FetchPartition extends PartitionOffset {
  readonly leaderEpoch: number
}

export interface FetchOptions {
  readonly isReadCommitted: boolean
  readonly waitMs: number
  readonly bytesMin: number
  readonly bytesMax: number
  readonly partitionBytesMax: number
  readonly rackId: string
}

export interface FetchedPartition {
  readonly partition: number
  readonly error: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly aborted: readonly AbortedTransaction[]
  /** A broker to read from in place of the leader, or -1. */
  readonly preferredReplica: number
  /** Batches, the last of which may be cut off. A view of the answer. */
  readonly records: Buffer
}

export interface FetchAnswer {
  readonly error: number
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly FetchedPartition[] }[]
}

/** Without a session: every request names all its partitions. `partitions` are in the order in which brokers fill their answer. */
export function fetchRequest(partitions: ByTopic<FetchPartition>, options: FetchOptions): WireRequest<FetchAnswer> {
  return {
    apiKey: 1,
    apiName: 'Fetch',
    apiVersion: 11,
    extraTimeoutMs: options.waitMs,
    write(writer) {
      writer.int32(-1).int32(options.waitMs).int32(options.bytesMin).int32(options.bytesMax)
      writer.int8(options.isReadCommitted ? 1 : 0)
      writer.int32(0).int32(-1) // No session.
      writer.byTopic(partitions, ({ partition, leaderEpoch, offset }) => {
        writer.int32(partition).int32(leaderEpoch).int64(offset).int64(-1).int32(options.partitionBytesMax)
      })
      writer.array([], () => {}).string(options.rackId)
    },
    read(reader) {
      reader.throttleTime()
      const error = reader.int16()
      reader.int32() // Session.
      const topics = reader.array(() => ({
        topic: reader.string(),
        partitions: reader.array(() => ({
          partition: reader.int32(),
          error: reader.int16(),
          highWatermark: reader.int64(),
          lastStableOffset: reader.int64(),
          logStartOffset: reader.int64(),
          aborted: reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() })),
          preferredReplica: reader.int32(),
          records: reader.byteString(),
        })),
      }))
      return { error, topics }
    },
  }
}
