import type { SourceSplit } from '@millrace/runtime/connector'

/** A part of one file. It owns every line whose first byte lies in `offset .. offset + length - 1`. */
export interface FileSplit extends SourceSplit {
  /** Absolute. */
  readonly path: string
  /** Of the first byte, in the file. */
  readonly offset: number
  /** In bytes; {@link UNTIL_END} for a file that is read as a whole, whatever its size. */
  readonly length: number
  /** A text that the format must see before the bytes of this split: the header line of a CSV file. */
  readonly preamble?: string
}

/** The length of a split that ends where the file ends. */
export const UNTIL_END: number = Number.MAX_SAFE_INTEGER

/** Cuts the range `0 .. fileBytes - 1` into equal ranges of about `splitBytes`, at least one. */
export function splitRanges(fileBytes: number, splitBytes: number): { offset: number; length: number }[] {
  const count = Math.max(1, Math.round(fileBytes / splitBytes))
  const ranges: { offset: number; length: number }[] = []
  for (let index = 0; index < count; index++) {
    const offset = Math.floor((fileBytes * index) / count)
    ranges.push({ offset, length: Math.floor((fileBytes * (index + 1)) / count) - offset })
  }
  return ranges
}
