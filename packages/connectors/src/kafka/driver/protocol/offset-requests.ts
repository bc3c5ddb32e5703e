import type { PartitionOffset } from '../kafka-driver.ts'
import type { ByTopic } from './group-by-topic.ts'
import type { PartitionOutcome, WireRequest } from './wire-request.ts'

export interface ListedOffset extends PartitionOffset {
  readonly error: number
}

export const latestTimestamp = -1
export const earliestTimestamp = -2

export function listOffsetsRequest(
  partitions: ByTopic<number>,
  timestampMs: number,
  isReadCommitted: boolean,
): WireRequest<readonly ListedOffset[]> {
  return {
    apiKey: 2,
    apiName: 'ListOffsets',
    apiVersion: 2,
    write(writer) {
      writer.int32(-1).int8(isReadCommitted ? 1 : 0)
      writer.byTopic(partitions, (partition) => writer.int32(partition).int64(timestampMs))
    },
    read(reader) {
      reader.throttleTime()
      return reader.byTopic((topic) => {
        const partition = reader.int32()
        const error = reader.int16()
        reader.int64() // Timestamp.
        return { topic, partition, error, offset: reader.int64() }
      })
    },
  }
}

export function offsetFetchRequest(
  groupId: string,
  partitions: ByTopic<number>,
): WireRequest<{ readonly error: number; readonly offsets: readonly ListedOffset[] }> {
  return {
    apiKey: 9,
    apiName: 'OffsetFetch',
    apiVersion: 5,
    write(writer) {
      writer.string(groupId).byTopic(partitions, (partition) => writer.int32(partition))
    },
    read(reader) {
      reader.throttleTime()
      const offsets = reader.byTopic((topic) => {
        const partition = reader.int32()
        const offset = reader.int64()
        reader.int32() // Leader epoch.
        reader.nullableString() // Metadata.
        return { topic, partition, offset, error: reader.int16() }
      })
      return { offsets, error: reader.int16() }
    },
  }
}

/** Without a generation: as one who is no member of the group. */
export function offsetCommitRequest(
  groupId: string,
  offsets: ByTopic<PartitionOffset>,
): WireRequest<readonly PartitionOutcome[]> {
  return {
    apiKey: 8,
    apiName: 'OffsetCommit',
    apiVersion: 6,
    write(writer) {
      writer.string(groupId).int32(-1).string('')
      writer.byTopic(offsets, ({ partition, offset }) => writer.int32(partition).int64(offset).int32(-1).string(''))
    },
    read(reader) {
      reader.throttleTime()
      return reader.byTopic((topic) => ({ topic, partition: reader.int32(), error: reader.int16() }))
    },
  }
}
