import type { WireRequest } from './wire-request.ts'

export interface ListedOffset {
  readonly topic: string
  readonly partition: number
  readonly error: number
  readonly offset: number
}

export const latestTimestamp = -1
export const earliestTimestamp = -2

export function listOffsetsRequest(
  byTopic: readonly (readonly [topic: string, partitions: readonly number[]])[],
  timestampMs: number,
  isReadCommitted: boolean,
): WireRequest<readonly ListedOffset[]> {
  return {
    apiKey: 2,
    apiName: 'ListOffsets',
    apiVersion: 2,
    write(writer) {
      writer.int32(-1).int8(isReadCommitted ? 1 : 0)
      writer.array(byTopic, ([topic, partitions]) => {
        writer.string(topic).array(partitions, (partition) => writer.int32(partition).int64(timestampMs))
      })
    },
    read(reader) {
      reader.int32() // Throttle time.
      const topics = reader.array(() => {
        const topic = reader.string()
        return reader.array(() => {
          const partition = reader.int32()
          const error = reader.int16()
          reader.int64() // Timestamp.
          return { topic, partition, error, offset: reader.int64() }
        })
      })
      return topics.flat()
    },
  }
}

export interface CommittedOffset extends ListedOffset {}

export function offsetFetchRequest(
  groupId: string,
  byTopic: readonly (readonly [topic: string, partitions: readonly number[]])[],
): WireRequest<{ readonly error: number; readonly offsets: readonly CommittedOffset[] }> {
  return {
    apiKey: 9,
    apiName: 'OffsetFetch',
    apiVersion: 5,
    write(writer) {
      writer.string(groupId).array(byTopic, ([topic, partitions]) => {
        writer.string(topic).array(partitions, (partition) => writer.int32(partition))
      })
    },
    read(reader) {
      reader.int32() // Throttle time.
      const topics = reader.array(() => {
        const topic = reader.string()
        return reader.array(() => {
          const partition = reader.int32()
          const offset = reader.int64()
          reader.int32() // Leader epoch.
          reader.nullableString() // Metadata.
          return { topic, partition, offset, error: reader.int16() }
        })
      })
      return { offsets: topics.flat(), error: reader.int16() }
    },
  }
}

export interface CommitAnswer {
  readonly topic: string
  readonly partition: number
  readonly error: number
}

/** Without a generation: as one who is no member of the group. */
export function offsetCommitRequest(
  groupId: string,
  byTopic: readonly (readonly [
    topic: string,
    offsets: readonly { readonly partition: number; readonly offset: number }[],
  ])[],
): WireRequest<readonly CommitAnswer[]> {
  return {
    apiKey: 8,
    apiName: 'OffsetCommit',
    apiVersion: 6,
    write(writer) {
      writer.string(groupId).int32(-1).string('')
      writer.array(byTopic, ([topic, offsets]) => {
        writer.string(topic).array(offsets, ({ partition, offset }) => {
          writer.int32(partition).int64(offset).int32(-1).string('')
        })
      })
    },
    read(reader) {
      reader.int32() // Throttle time.
      const topics = reader.array(() => {
        const topic = reader.string()
        return reader.array(() => ({ topic, partition: reader.int32(), error: reader.int16() }))
      })
      return topics.flat()
    },
  }
}
