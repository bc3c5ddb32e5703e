/** One segment of shared memory: the same bytes through three windows. `byteOffset` and length are multiples of 8. */
export interface SegmentView {
  readonly bytes: Uint8Array
  readonly int32: Int32Array
  readonly float64: Float64Array
}

/** Shared by everything that a subtask emits into: raised when no more input may be taken for now. */
export interface OutputAvailability {
  stop: boolean
}

/**
 * Writes the records of one channel into segments. All channels of an edge in one producer share their layouts, but
 * each channel's stream of segments can be decoded by itself: a layout is defined in-band before its first use there.
 */
export interface SegmentEncoder<T> {
  /** Starts an empty segment. The caller has sealed the one before. */
  open(segment: SegmentView): void
  /**
   * Appends one record. `false`: it did not fit behind what is there already; nothing was written; seal, and try
   * again with an empty segment. If it does not fit an empty one either, use `encodeLarge`.
   * Throws RecordError if the record may not cross an edge.
   */
  write(record: T): boolean
  /** Records in the open segment. */
  readonly recordCount: number
  /** Completes the open segment and answers how many of its bytes are used (0 if it holds no record). */
  seal(): number
  /** One record, of any size, as bytes of its own. The caller cuts them into fragments, in order with the segments. */
  encodeLarge(record: T): Uint8Array
}

/** Reads what one `SegmentEncoder` wrote, in the same order. */
export interface SegmentDecoder<T> {
  open(segment: SegmentView, usedBytes: number): void
  /**
   * Hands over records in order until the segment is exhausted, `recordsMax` were handed over, or
   * `availability.stop` was raised (tested after each record). Answers how many; call again to resume.
   * What it hands over holds no reference to the segment's memory.
   */
  read(onRecord: (record: T) => void, availability: OutputAvailability, recordsMax: number): number
  readonly exhausted: boolean
  decodeLarge(bytes: Uint8Array): T
}
