import type { WireRequest } from './wire-request.ts'

export interface BrokerAnswer {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export interface PartitionAnswer {
  readonly error: number
  readonly partition: number
  readonly leader: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
}

export interface TopicAnswer {
  readonly error: number
  readonly topic: string
  readonly isInternal: boolean
  readonly partitions: readonly PartitionAnswer[]
}

export interface MetadataAnswer {
  readonly brokers: readonly BrokerAnswer[]
  readonly controllerId: number
  readonly topics: readonly TopicAnswer[]
}

/** Undefined asks for all topics. Never creates one. */
export function metadataRequest(topics: readonly string[] | undefined): WireRequest<MetadataAnswer> {
  return {
    apiKey: 3,
    apiName: 'Metadata',
    apiVersion: 7,
    write(writer) {
      if (topics === undefined) writer.nullArray()
      else writer.array(topics, (topic) => writer.string(topic))
      writer.boolean(false)
    },
    read(reader) {
      reader.throttleTime()
      const brokers = reader.array(() => {
        const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() }
        reader.nullableString() // Rack.
        return broker
      })
      reader.nullableString() // Cluster id.
      const controllerId = reader.int32()
      const topics = reader.array(() => ({
        error: reader.int16(),
        topic: reader.string(),
        isInternal: reader.boolean(),
        partitions: reader.array(() => {
          const partition = {
            error: reader.int16(),
            partition: reader.int32(),
            leader: reader.int32(),
            leaderEpoch: reader.int32(),
            replicas: reader.array(() => reader.int32()),
          }
          reader.array(() => reader.int32()) // In-sync replicas.
          reader.array(() => reader.int32()) // Offline replicas.
          return partition
        }),
      }))
      return { brokers, controllerId, topics }
    },
  }
}
