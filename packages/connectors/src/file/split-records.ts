import type { ReaderOutput } from '@millrace/runtime/connector'
import type { SplitPosition } from './file-split.ts'

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
  /** Behind the record that was emitted last, whatever was read ahead. */
  position(): SplitPosition
}
