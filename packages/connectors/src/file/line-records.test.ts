import fc from 'fast-check'
import { expect, test } from 'vitest'
import { splitRanges, UNTIL_END } from './file-split.ts'
import { LineRange } from './line-range.ts'
import { LineRecords } from './line-records.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** What a reader of the whole file sees. */
function linesOf(bytes: Uint8Array): string[] {
  const lines = decoder
    .decode(bytes)
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

interface SeenLine {
  readonly line: string
  /** Where the reader said it stood after the line. */
  readonly offsetAfter: number
}

/** Feeds one split in chunks of drawn sizes and stops after drawn numbers of records. */
function readSplit(
  bytes: Buffer,
  range: { offset: number; length: number },
  drawn: { chunkBytes: () => number; pollLimit: () => number; asksForOffsets?: boolean },
): SeenLine[] {
  const records = new LineRecords<string>({ splitId: '', path: 'x', ...range }, { lineBytesMax: 1_000_000 })
  const seen: SeenLine[] = []
  let position = LineRange.readFrom(range.offset)
  for (;;) {
    let left = drawn.pollLimit()
    const status = records.emit({
      collect: (line) => {
        seen.push({ line, offsetAfter: drawn.asksForOffsets ? records.position().offset : -1 })
        return --left > 0
      },
    })
    if (status === 'end') return seen
    if (status === 'output-full') continue
    expect(status).toBe('needs-bytes')
    if (position >= bytes.length) {
      records.endOfBytes()
      continue
    }
    const chunk = Buffer.from(bytes.subarray(position, position + drawn.chunkBytes()))
    position += chunk.length
    records.feed(chunk)
  }
}

const pieces = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\uFEFF', '') },
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme' }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }) },
)
const texts = fc.array(pieces, { maxLength: 30 }).map((parts) => Buffer.from(parts.join('')))
const rawBytes = fc
  .array(fc.oneof(fc.constantFrom(10, 13, 0xe2, 0x82, 0xac, 0xf0, 0xef, 0xbb, 0xbf), fc.nat(255)), { maxLength: 80 })
  .map((list) => Buffer.from(list))

test('LineRecords delivers every line of a tiled file exactly once and in order, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.oneof(texts, rawBytes),
      fc.integer({ min: 1, max: 60 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
      (bytes, splitBytes, chunks, limits) => {
        const drawn = { chunkBytes: () => chunks.next().value!, pollLimit: () => limits.next().value! }
        const seen = splitRanges(bytes.length, splitBytes).flatMap((range) => readSplit(bytes, range, drawn))
        expect(seen.map(({ line }) => line)).toEqual(linesOf(bytes))
      },
    ),
    { numRuns: 2000 },
  )
})

test('LineRecords stands exactly at the next line after every record, so that a rest of the file reads on there', () => {
  fc.assert(
    fc.property(
      fc.oneof(texts, rawBytes),
      fc.integer({ min: 1, max: 60 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      (bytes, splitBytes, chunks) => {
        const drawn = { chunkBytes: () => chunks.next().value!, pollLimit: () => 1, asksForOffsets: true }
        const seen = splitRanges(bytes.length, splitBytes).flatMap((range) => readSplit(bytes, range, drawn))
        const all = linesOf(bytes)
        for (const [index, { offsetAfter }] of seen.entries()) {
          const rest = readSplit(bytes, { offset: offsetAfter, length: UNTIL_END - offsetAfter }, drawn)
          // From 0 on the byte order mark would be dropped again, which is right.
          expect(rest.map(({ line }) => line)).toEqual(all.slice(index + 1))
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('LineRecords decodes a long text of many regions as a whole would be', () => {
  const lines = Array.from({ length: 8_000 }, (_, i) =>
    (i % 2000 < 1990 ? `line ${i} ` : `Zeile ${i} größer € 🦀 `).repeat(1 + (i % 3)),
  )
  const bytes = Buffer.from(lines.join('\r\n'))
  const drawn = { chunkBytes: () => 100_000, pollLimit: () => 777 }
  const seen = splitRanges(bytes.length, 300_000).flatMap((range) => readSplit(bytes, range, drawn))
  expect(seen.map(({ line }) => line)).toEqual(lines)
})

test('LineRecords refuses a line that is longer than allowed and says where it begins', () => {
  const records = new LineRecords<string>(
    { splitId: '', path: 'x.log', offset: 0, length: UNTIL_END },
    { lineBytesMax: 8 },
  )
  records.feed(Buffer.from('ab\n0123'))
  const output = { collect: () => true }
  expect(records.emit(output)).toBe('needs-bytes')
  records.feed(Buffer.from('45678'))
  expect(() => records.emit(output)).toThrow(
    'Cannot read the line at byte 3 of "x.log": it is longer than 8 bytes. Raise lineBytesMax if it is meant to be.',
  )
})
