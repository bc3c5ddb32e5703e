import type { ReaderOutput } from '@millrace/runtime/connector'

/** Where a reader stands in a split, between two records. */
export interface SplitPosition {
  /** Of a byte in the file at which a record starts. */
  readonly offset: number
  /** How many records after `offset` were emitted already; for formats that cannot start in the middle. */
  readonly recordsAfterOffset: number
}

/**
 * - `output-full`: `collect` answered false;
 * - `needs-bytes`: feed the next chunk, or say that the file has ended;
 * - `has-all-bytes`: whatever follows in the file belongs to other splits; say that the bytes have ended;
 * - `end`: the last record of the split was emitted.
 */
export type EmitStatus = 'output-full' | 'needs-bytes' | 'has-all-bytes' | 'end'

/** Turns the bytes of one split into records. It is fed chunks in order and never waits for anything. */
export interface SplitRecords<T> {
  /** Only after `needs-bytes`. The chunk stays untouched until the next `needs-bytes`. */
  feed(chunk: Buffer): void
  /**
   * Only after `needs-bytes` or `has-all-bytes`: the bytes of the file, or of the split, have ended. Nothing else is
   * called until a returned promise has settled.
   */
  endOfBytes(): void | Promise<void>
  emit(output: ReaderOutput<T>): EmitStatus
  position(): SplitPosition
}
