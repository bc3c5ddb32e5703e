import type { RecordHeader } from './record-batch/record-header.ts'

/**
 * A record in a fetched batch. It is a view: fields and methods speak of the current record until the fetcher's next call
 * of `next`. Buffers it answers share the memory of the whole answer of the broker: they stay valid, but whoever keeps
 * one for long copies it, or keeps megabytes alive.
 */
export interface FetchedRecord<A> {
  /** The object that was handed to `assign`. */
  readonly assignment: A
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the epoch: the producer's, or the broker's if the topic has log append time. -1 if there is none. */
  readonly timestampMs: number
  readonly timestampType: 'create-time' | 'log-append-time'
  /** In bytes, -1 for null. */
  readonly keyLength: number
  readonly valueLength: number
  key(): Buffer | null
  value(): Buffer | null
  /** As UTF-8, without a buffer in between. */
  keyText(): string | null
  valueText(): string | null
  /** Copied, without a buffer in between: less to keep alive, by far. */
  keyCopy(): Uint8Array | null
  valueCopy(): Uint8Array | null
  headers(): readonly RecordHeader[]
}
