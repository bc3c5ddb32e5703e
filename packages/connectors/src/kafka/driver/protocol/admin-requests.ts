import type { NewTopic } from '../kafka-admin.ts'
import type { PartitionOffset } from '../kafka-driver.ts'
import type { ByTopic } from './group-by-topic.ts'
import type { WireReader } from './wire-reader.ts'
import type { PartitionOutcome, WireRequest } from './wire-request.ts'

export interface NamedAnswer {
  readonly name: string
  readonly error: number
  readonly errorMessage: string | null
}

function namedAnswer(reader: WireReader): NamedAnswer {
  return { name: reader.string(), error: reader.int16(), errorMessage: reader.nullableString() }
}

export function createTopicsRequest(
  topics: readonly NewTopic[],
  timeoutMs: number,
): WireRequest<readonly NamedAnswer[]> {
  return {
    apiKey: 19,
    apiName: 'CreateTopics',
    apiVersion: 4,
    extraTimeoutMs: timeoutMs,
    write(writer) {
      writer.array(topics, ({ topic, partitions, replicationFactor = -1, configs = {} }) => {
        writer
          .string(topic)
          .int32(partitions)
          .int16(replicationFactor)
          .array([], () => {})
        writer.array(Object.entries(configs), ([name, value]) => writer.string(name).nullableString(value))
      })
      writer.int32(timeoutMs).boolean(false)
    },
    read(reader) {
      reader.throttleTime()
      return reader.array(() => namedAnswer(reader))
    },
  }
}

export function deleteTopicsRequest(topics: readonly string[], timeoutMs: number): WireRequest<readonly NamedAnswer[]> {
  return {
    apiKey: 20,
    apiName: 'DeleteTopics',
    apiVersion: 3,
    extraTimeoutMs: timeoutMs,
    write: (writer) => void writer.array(topics, (topic) => writer.string(topic)).int32(timeoutMs),
    read(reader) {
      reader.throttleTime()
      return reader.array(() => ({ name: reader.string(), error: reader.int16(), errorMessage: null }))
    },
  }
}

export function createPartitionsRequest(
  topic: string,
  count: number,
  timeoutMs: number,
): WireRequest<readonly NamedAnswer[]> {
  return {
    apiKey: 37,
    apiName: 'CreatePartitions',
    apiVersion: 1,
    extraTimeoutMs: timeoutMs,
    write(writer) {
      writer.array([topic], (name) => writer.string(name).int32(count).nullArray())
      writer.int32(timeoutMs).boolean(false)
    },
    read(reader) {
      reader.throttleTime()
      return reader.array(() => namedAnswer(reader))
    },
  }
}

export interface ConfigsAnswer {
  readonly error: number
  readonly errorMessage: string | null
  readonly configs: readonly { readonly name: string; readonly value: string | null }[]
}

const resourceTypes = { topic: 2, broker: 4 }

export function describeConfigsRequest(type: 'topic' | 'broker', name: string): WireRequest<readonly ConfigsAnswer[]> {
  return {
    apiKey: 32,
    apiName: 'DescribeConfigs',
    apiVersion: 2,
    write: (writer) => void writer.int32(1).int8(resourceTypes[type]).string(name).nullArray().boolean(false),
    read(reader) {
      reader.throttleTime()
      return reader.array(() => {
        const error = reader.int16()
        const errorMessage = reader.nullableString()
        reader.int8() // Type and name of the resource.
        reader.string()
        const configs = reader.array(() => {
          const config = { name: reader.string(), value: reader.nullableString() }
          reader.boolean() // Read only.
          reader.int8() // Source.
          reader.boolean() // Sensitive.
          reader.array(() => [reader.string(), reader.nullableString(), reader.int8()]) // Synonyms.
          return config
        })
        return { error, errorMessage, configs }
      })
    },
  }
}

export function deleteRecordsRequest(
  offsets: ByTopic<PartitionOffset>,
  timeoutMs: number,
): WireRequest<readonly PartitionOutcome[]> {
  return {
    apiKey: 21,
    apiName: 'DeleteRecords',
    apiVersion: 1,
    extraTimeoutMs: timeoutMs,
    write(writer) {
      writer.byTopic(offsets, ({ partition, offset }) => writer.int32(partition).int64(offset))
      writer.int32(timeoutMs)
    },
    read(reader) {
      reader.throttleTime()
      return reader.byTopic((topic) => {
        const partition = reader.int32()
        reader.int64() // Low watermark.
        return { topic, partition, error: reader.int16() }
      })
    },
  }
}

export interface ApiVersionsAnswer {
  readonly error: number
  readonly apis: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[]
}

export function apiVersionsRequest(): WireRequest<ApiVersionsAnswer> {
  return {
    apiKey: 18,
    apiName: 'ApiVersions',
    apiVersion: 0,
    write() {},
    read: (reader) => ({
      error: reader.int16(),
      apis: reader.array(() => ({ apiKey: reader.int16(), minVersion: reader.int16(), maxVersion: reader.int16() })),
    }),
  }
}
