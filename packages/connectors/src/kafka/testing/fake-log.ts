import { RecordCursor } from '../driver/record-batch/record-cursor.ts'
import type { RecordHeader } from '../driver/record-batch/record-header.ts'

/** A transaction of a fake cluster; its records refer to it. */
export interface FakeTransaction {
  readonly transactionalId: string
  readonly producerId: number
  readonly epoch: number
  readonly startedAtMs: number
  state: 'open' | 'committed' | 'aborted'
}

/** A record as tests read it. */
export interface FakeRecord {
  readonly offset: number
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** A place in a log: a record, or the marker that ends a transaction, or nothing any more, as a marker. */
export interface LogEntry extends FakeRecord {
  readonly transaction: FakeTransaction | undefined
  readonly isMarker: boolean
}

/** One partition of a fake topic. Offset `logStartOffset + i` is entry `i`. */
export class FakeLog {
  readonly topic: string
  readonly partition: number
  logStartOffset = 0
  readonly #entries: LogEntry[] = []

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get highWatermark(): number {
    return this.logStartOffset + this.#entries.length
  }

  /** The offset of the first record of an open transaction, else the end. */
  get lastStableOffset(): number {
    return this.#entries.find(({ transaction }) => transaction?.state === 'open')?.offset ?? this.highWatermark
  }

  append(record: Omit<FakeRecord, 'offset'>, transaction?: FakeTransaction): number {
    const offset = this.highWatermark
    this.#entries.push({ ...record, offset, transaction, isMarker: false })
    return offset
  }

  /** Adds the records of a sealed batch, by the real reader of batches. Answers the offset of the first. */
  appendBatch(bytes: Buffer, transaction: FakeTransaction | undefined): number {
    const baseOffset = this.highWatermark
    const cursor = new RecordCursor({ topic: this.topic, partition: this.partition }, 0, Number.POSITIVE_INFINITY)
    cursor.open(Buffer.from(bytes), undefined)
    while (cursor.advance()) {
      const { timestampMs } = cursor
      this.append({ timestampMs, key: cursor.key(), value: cursor.value(), headers: cursor.headers() }, transaction)
    }
    return baseOffset
  }

  /** Writes the marker if `transaction` has records here. */
  endTransaction(transaction: FakeTransaction, timestampMs: number): void {
    if (!this.#entries.some((entry) => entry.transaction === transaction)) return
    const marker = { timestampMs, key: null, value: null, headers: [], offset: this.highWatermark }
    this.#entries.push({ ...marker, transaction: undefined, isMarker: true })
  }

  /** As compaction does: the offset stays, without a record. */
  compactAway(offset: number): void {
    const entry = this.at(offset)!
    this.#entries[offset - this.logStartOffset] = { ...entry, transaction: undefined, isMarker: true }
  }

  deleteBefore(offset: number): void {
    this.#entries.splice(0, Math.max(0, offset - this.logStartOffset))
    this.logStartOffset = Math.max(this.logStartOffset, offset)
  }

  at(offset: number): LogEntry | undefined {
    return this.#entries[offset - this.logStartOffset]
  }

  /** The first offset whose record is not older, else the end. */
  offsetOfTime(timestampMs: number): number {
    const found = this.#entries.find((entry) => !entry.isMarker && entry.timestampMs >= timestampMs)
    return found?.offset ?? this.highWatermark
  }

  /** What a reader of `isolation` sees of the whole log. */
  records(isolation: 'read_committed' | 'read_uncommitted'): readonly FakeRecord[] {
    const end = isolation === 'read_committed' ? this.lastStableOffset : this.highWatermark
    return this.#entries
      .filter((entry) => entry.offset < end && isVisible(entry, isolation === 'read_committed'))
      .map(({ offset, timestampMs, key, value, headers }) => ({ offset, timestampMs, key, value, headers }))
  }
}

/** Whether an entry before the end of what may be read is handed to readers. */
export function isVisible({ isMarker, transaction }: LogEntry, isReadCommitted: boolean): boolean {
  return !isMarker && !(isReadCommitted && transaction?.state === 'aborted')
}
