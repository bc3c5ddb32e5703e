/**
 * A segment is a sequence of blocks. A block is a header, runs of rows, and the texts of those rows in one blob:
 *
 *     | rows end | chars | bytes a char | records | run ... run | blob | next block ...
 *
 * A run is a layout's number, a count and that many rows, so that rows need no tag. Number 0 is the general layout, whose
 * rows are a length in bytes and the bytes. A layout that the channel has not seen is defined before its first run:
 * `defineLayout`, its number, the length of its description in bytes, the description as JSON.
 * Everything starts at a multiple of four bytes; positions count such words.
 */
export const blockHeaderWords = 4
export const runHeaderWords = 2
export const definitionHeaderWords = 3

export const generalLayoutId = 0
export const defineLayout = -1

export function wordsOf(byteCount: number): number {
  return (byteCount + 3) >>> 2
}

export const notLatin1: RegExp = /[\u0100-\uffff]/
