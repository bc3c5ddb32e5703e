import type { TopicPartition } from '../kafka-driver.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** What most answers say of each partition. */
export interface PartitionOutcome extends TopicPartition {
  /** Kafka's number, 0 for none. */
  readonly error: number
}

/** A request of Kafka's protocol in one version of it, with the reader of its answer. */
export interface WireRequest<T> {
  readonly apiKey: number
  readonly apiName: string
  readonly apiVersion: number
  /** Heads with tagged fields, of the later versions. */
  readonly isFlexible?: boolean
  /** For requests that brokers do not answer (`acks: 0`): then the answer is undefined. */
  readonly isOneWay?: boolean
  /** Beyond the usual time for requests: brokers may take that long before they answer. */
  readonly extraTimeoutMs?: number
  write(writer: WireWriter): void
  read(reader: WireReader): T
}
