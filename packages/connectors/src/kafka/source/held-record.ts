import type { FetchedRecord } from '../driver/fetched-record.ts'
import type { RecordHeader } from '../driver/record-batch/record-header.ts'

/** A record that outlives the fetcher's view of it. */
export class HeldRecord<A> implements FetchedRecord<A> {
  readonly assignment: A
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
  readonly timestampType: 'create-time' | 'log-append-time'
  readonly keyLength: number
  readonly valueLength: number
  readonly #key: Buffer | null
  readonly #value: Buffer | null
  readonly #headers: readonly RecordHeader[]

  constructor(view: FetchedRecord<A>) {
    this.assignment = view.assignment
    this.topic = view.topic
    this.partition = view.partition
    this.offset = view.offset
    this.timestampMs = view.timestampMs
    this.timestampType = view.timestampType
    this.keyLength = view.keyLength
    this.valueLength = view.valueLength
    // These share the memory of the broker's answer, which stays as it is; it is held no longer than the record.
    this.#key = view.key()
    this.#value = view.value()
    this.#headers = view.headers()
  }

  key(): Buffer | null {
    return this.#key
  }

  value(): Buffer | null {
    return this.#value
  }

  keyText(): string | null {
    return this.#key?.toString() ?? null
  }

  valueText(): string | null {
    return this.#value?.toString() ?? null
  }

  keyCopy(): Uint8Array | null {
    const key = this.key()
    return key && new Uint8Array(key)
  }

  valueCopy(): Uint8Array | null {
    const value = this.value()
    return value && new Uint8Array(value)
  }

  headers(): readonly RecordHeader[] {
    return this.#headers
  }
}
