import { preview } from '@millrace/runtime/connector'
import { KafkaError } from '../driver/kafka-error.ts'
import { RecordBatchBuilder } from '../driver/record-batch/record-batch-builder.ts'
import type { RecordHeader } from '../driver/record-batch/record-header.ts'
import type { ConsumerRecord } from '../formats/deserializer.ts'
import { messageOf } from '../message-of.ts'

/** Of one batch: brokers take 1 MiB unless they are told otherwise. */
const batchBytesMax = 512 * 1024
/** What a letter takes beside key and value: about its headers. */
const letterBytes = 300
const errorCharactersMax = 1_000

/** A record that could not be deserialized. Plain data: it lies in snapshots until it is written. */
export interface DeadLetter {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[]
  readonly error: string
}

/** A copy of `record`, whose memory the fetcher uses again. */
export function deadLetterOf(record: ConsumerRecord, cause: unknown): DeadLetter {
  const { topic, partition, offset, timestampMs } = record
  const error = messageOf(cause)
  return {
    ...{ topic, partition, offset, timestampMs },
    key: copied(record.key()),
    value: copied(record.value()),
    headers: record.headers().map(({ key, value }) => ({ key, value: copied(value) })),
    error: preview(error, errorCharactersMax),
  }
}

/** About what it takes in a batch, and in a snapshot. */
export function deadLetterBytes({ key, value }: DeadLetter): number {
  return letterBytes + (key?.length ?? 0) + (value?.length ?? 0)
}

/** The first of `letters`, as many as one request takes, and one at least. */
export function firstDeadLetters(letters: readonly DeadLetter[]): readonly DeadLetter[] {
  let bytes = 0
  const end = letters.findIndex((letter, i) => {
    bytes += deadLetterBytes(letter)
    return i > 0 && bytes > batchBytesMax
  })
  return letters.slice(0, end === -1 ? undefined : end)
}

/** By the partition to write to. Letters of one partition stay in one, in their order. */
export function deadLetterBatches(
  letters: readonly DeadLetter[],
  partitionCount: number,
): readonly (readonly [partition: number, batch: RecordBatchBuilder])[] {
  const batches = new Map<number, RecordBatchBuilder>()
  for (const letter of letters) {
    const to = letter.partition % partitionCount
    const batch = batches.get(to) ?? new RecordBatchBuilder()
    batches.set(to, batch)
    batch.append(letter.timestampMs, letter.key, letter.value, headersOf(letter))
  }
  return [...batches]
}

export function deadLetterFailed(deadLetterTopic: string, first: DeadLetter | undefined, cause: unknown): KafkaError {
  const { topic, partition, offset } = first ?? {}
  const from =
    first === undefined ? '' : `, from that of offset ${offset} of topic "${topic}", partition ${partition} on`
  return new KafkaError(
    'DEAD_LETTER_FAILED',
    `Cannot write dead letters to topic "${deadLetterTopic}"${from}: ${messageOf(cause)}`,
    { deadLetterTopic, ...(first !== undefined && { topic, partition, offset }) },
    { cause },
  )
}

function headersOf({ headers, topic, partition, offset, error }: DeadLetter): readonly RecordHeader[] {
  const facts = { topic, partition, offset, error }
  return [
    ...headers.map(({ key, value }) => ({ key, value: value === null ? null : Buffer.from(value) })),
    ...Object.entries(facts).map(([key, value]) => ({ key: `deadLetter.${key}`, value: Buffer.from(String(value)) })),
  ]
}

function copied(bytes: Buffer | null): Uint8Array | null {
  return bytes === null ? null : new Uint8Array(bytes)
}
