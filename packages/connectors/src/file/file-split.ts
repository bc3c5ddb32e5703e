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
  /** The names that the header of a CSV file gave, once a reader has got past it; then there is no preamble. */
  readonly fieldNames?: readonly string[]
  /** How many lines lie before `offset`, if that is known: for error messages. */
  readonly linesBefore?: number
}

/** The length of a split that ends where the file ends. */
export const UNTIL_END: number = Number.MAX_SAFE_INTEGER

/** Where a reader stands in a split, between two records. */
export interface SplitPosition {
  /** In the file (unpacked, if it is packed), of the first byte behind the last record: exact. */
  readonly offset: number
  /** How many lines of the file lie before `offset`, if that is known. */
  readonly linesBefore: number | undefined
  /** The names that the header gave, if there is one and it was read. */
  readonly fieldNames?: readonly string[] | undefined
}

/** What of `split` comes after `position`: what a snapshot keeps of it. Undefined if that is nothing. */
export function restOf(split: FileSplit, { offset, linesBefore, fieldNames }: SplitPosition): FileSplit | undefined {
  const { splitId, path, length, preamble } = split
  const end = length === UNTIL_END ? UNTIL_END : split.offset + length
  if (offset >= end && offset > split.offset) return undefined
  return {
    splitId,
    path,
    offset,
    length: end === UNTIL_END ? UNTIL_END : end - offset,
    ...(fieldNames !== undefined ? { fieldNames } : preamble !== undefined ? { preamble } : {}),
    ...(linesBefore === undefined ? {} : { linesBefore }),
  }
}

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
