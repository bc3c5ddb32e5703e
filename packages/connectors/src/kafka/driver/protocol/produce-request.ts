import type { ByTopic } from './group-by-topic.ts'
import type { WireRequest } from './wire-request.ts'

export interface ProduceBatch {
  readonly partition: number
  readonly bytes: Buffer
}

export interface ProducedPartition {
  readonly partition: number
  readonly error: number
  readonly baseOffset: number
  readonly errorMessage: string | null
}

export type ProduceAnswer = readonly { readonly topic: string; readonly partitions: readonly ProducedPartition[] }[]

export interface ProduceOptions {
  readonly transactionalId: string | undefined
  readonly acks: -1 | 0 | 1
  /** How long the leader waits for its replicas. */
  readonly timeoutMs: number
}

/** One batch a partition: brokers take no more in one request. */
export function produceRequest(
  batches: ByTopic<ProduceBatch>,
  { transactionalId, acks, timeoutMs }: ProduceOptions,
): WireRequest<ProduceAnswer> {
  return {
    apiKey: 0,
    apiName: 'Produce',
    apiVersion: 8,
    isOneWay: acks === 0,
    write(writer) {
      writer
        .nullableString(transactionalId ?? null)
        .int16(acks)
        .int32(timeoutMs)
      writer.byTopic(batches, ({ partition, bytes }) => {
        writer.int32(partition)
        // Whoever waits for no answer may use the memory again before it has left.
        if (acks === 0) writer.byteString(bytes)
        else writer.byteStringPart(bytes)
      })
    },
    read(reader) {
      return reader.array(() => ({
        topic: reader.string(),
        partitions: reader.array(() => {
          const partition = reader.int32()
          const error = reader.int16()
          const baseOffset = reader.int64()
          reader.int64() // Log append time.
          reader.int64() // Log start offset.
          const records = reader.array(() => ({ index: reader.int32(), message: reader.nullableString() }))
          const message = reader.nullableString()
          return { partition, error, baseOffset, errorMessage: message ?? records[0]?.message ?? null }
        }),
      }))
    },
  }
}
