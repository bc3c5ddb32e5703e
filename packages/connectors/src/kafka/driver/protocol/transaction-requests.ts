import type { TopicPartition, TransactionalIdentity } from '../kafka-driver.ts'
import type { ByTopic } from './group-by-topic.ts'
import type { PartitionOutcome, WireRequest } from './wire-request.ts'

export type CoordinatorType = 'group' | 'transaction'

export interface CoordinatorAnswer {
  readonly error: number
  readonly errorMessage: string | null
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export function findCoordinatorRequest(type: CoordinatorType, key: string): WireRequest<CoordinatorAnswer> {
  return {
    apiKey: 10,
    apiName: 'FindCoordinator',
    apiVersion: 2,
    write: (writer) => void writer.string(key).int8(type === 'group' ? 0 : 1),
    read(reader) {
      reader.throttleTime()
      return {
        error: reader.int16(),
        errorMessage: reader.nullableString(),
        nodeId: reader.int32(),
        host: reader.string(),
        port: reader.int32(),
      }
    },
  }
}

export interface ProducerIdAnswer {
  readonly error: number
  readonly producerId: number
  readonly epoch: number
}

export function initProducerIdRequest(
  transactionalId: string | undefined,
  timeoutMs: number,
): WireRequest<ProducerIdAnswer> {
  return {
    apiKey: 22,
    apiName: 'InitProducerId',
    apiVersion: 1,
    write: (writer) => void writer.nullableString(transactionalId ?? null).int32(timeoutMs),
    read(reader) {
      reader.throttleTime()
      return { error: reader.int16(), producerId: reader.int64(), epoch: reader.int16() }
    },
  }
}

export function addPartitionsRequest(
  { transactionalId, producerId, epoch }: TransactionalIdentity,
  partitions: ByTopic<number>,
): WireRequest<readonly PartitionOutcome[]> {
  return {
    apiKey: 24,
    apiName: 'AddPartitionsToTxn',
    apiVersion: 2,
    write(writer) {
      writer.string(transactionalId).int64(producerId).int16(epoch)
      writer.byTopic(partitions, (partition) => writer.int32(partition))
    },
    read(reader) {
      reader.throttleTime()
      return reader.byTopic((topic) => ({ topic, partition: reader.int32(), error: reader.int16() }))
    },
  }
}

/** Version 2 keeps the epoch as it is, which makes it repeatable; later ones raise it. */
export function endTransactionRequest(
  { transactionalId, producerId, epoch }: TransactionalIdentity,
  outcome: 'commit' | 'abort',
): WireRequest<{ readonly error: number }> {
  return {
    apiKey: 26,
    apiName: 'EndTxn',
    apiVersion: 2,
    write: (writer) =>
      void writer
        .string(transactionalId)
        .int64(producerId)
        .int16(epoch)
        .boolean(outcome === 'commit'),
    read(reader) {
      reader.throttleTime()
      return { error: reader.int16() }
    },
  }
}

export interface ListedTransaction {
  readonly transactionalId: string
  readonly producerId: number
  readonly state: string
}

export function listTransactionsRequest(): WireRequest<{
  readonly error: number
  readonly transactions: readonly ListedTransaction[]
}> {
  return {
    apiKey: 66,
    apiName: 'ListTransactions',
    apiVersion: 0,
    isFlexible: true,
    write: (writer) =>
      void writer
        .compactArray([], () => {})
        .compactArray([], () => {})
        .noTaggedFields(),
    read(reader) {
      reader.throttleTime()
      const error = reader.int16()
      reader.compactArray(() => reader.compactString()) // Unknown filters.
      const transactions = reader.compactArray(() => {
        const transactionalId = reader.compactString()
        const producerId = reader.int64()
        const state = reader.compactString()
        reader.taggedFields()
        return { transactionalId, producerId, state }
      })
      return { error, transactions }
    },
  }
}

export interface DescribedTransaction extends ListedTransaction {
  readonly error: number
  readonly timeoutMs: number
  readonly startedAtMs: number
  readonly epoch: number
  readonly partitions: readonly TopicPartition[]
}

export function describeTransactionsRequest(
  transactionalIds: readonly string[],
): WireRequest<readonly DescribedTransaction[]> {
  return {
    apiKey: 65,
    apiName: 'DescribeTransactions',
    apiVersion: 0,
    isFlexible: true,
    write: (writer) => void writer.compactArray(transactionalIds, (id) => writer.compactString(id)).noTaggedFields(),
    read(reader) {
      reader.throttleTime()
      return reader.compactArray(() => {
        const described = {
          error: reader.int16(),
          transactionalId: reader.compactString(),
          state: reader.compactString(),
          timeoutMs: reader.int32(),
          startedAtMs: reader.int64(),
          producerId: reader.int64(),
          epoch: reader.int16(),
          partitions: reader
            .compactArray(() => {
              const topic = reader.compactString()
              const partitions = reader.compactArray(() => reader.int32())
              reader.taggedFields()
              return partitions.map((partition) => ({ topic, partition }))
            })
            .flat(),
        }
        reader.taggedFields()
        return described
      })
    },
  }
}
