/** The bytes of one split, read ahead into a bounded number of buffers beside the task's loop. */
export interface ByteChunks {
  /**
   * The next chunk, in order; it stays untouched until the next call. `pending`: `onProgress` will be called when there
   * is something to take. Throws a ConnectorError if reading has failed.
   */
  take(): Buffer | 'pending' | 'end'
  /** Whether `take` would answer anything but `pending`. */
  isReady(): boolean
  close(): Promise<void>
}
