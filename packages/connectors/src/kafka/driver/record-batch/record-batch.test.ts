import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AbortedTransactions } from './aborted-transactions.ts'
import * as layout from './batch-layout.ts'
import type { Compression } from './compression.ts'
import { RecordBatchBuilder } from './record-batch-builder.ts'
import { RecordCursor } from './record-cursor.ts'
import type { RecordHeader } from './record-header.ts'

const compressions: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

interface PlainRecord {
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

interface PlainBatch {
  readonly baseOffset?: number
  readonly producerId?: number
  readonly isTransactional?: boolean
  readonly compression?: Compression
  readonly records: readonly PlainRecord[]
}

describe('A record batch', () => {
  test('is read as it was written, with any keys, values, headers, timestamps and compression', () => {
    const bytes = fc.option(
      fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each)),
      { nil: null },
    )
    const header = fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 40 }), value: bytes })
    const record = fc.record({
      timestampMs: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 52 })),
      key: bytes,
      value: bytes,
      headers: fc.array(header, { maxLength: 3 }),
    })
    const records = fc.array(record, { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(records, fc.constantFrom(...compressions), (records, compression) => {
        expect(read(encode({ records, compression }))).toEqual(records.map((each, i) => ({ offset: i, ...each })))
      }),
    )
  })

  test('has text as UTF-8, short and long, in ASCII and beyond', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.string({ maxLength: 80 }), (key, value) => {
        const builder = new RecordBatchBuilder()
        builder.append(1, key, value)
        const cursor = cursorOver(sealed(builder))
        expect(cursor.advance()).toBe(true)
        expect([cursor.keyText(), cursor.valueText()]).toEqual([key, value])
      }),
    )
  })

  test('is read from an offset in its middle, and up to one', () => {
    const bytes = encode({ baseOffset: 100, records: plain('a', 'b', 'c', 'd') })
    expect(read(bytes, { from: 101, until: 103 }).map(({ offset }) => offset)).toEqual([101, 102])
  })

  test('that is cut off at the end of an answer is left for the next one', () => {
    const first = encode({ records: plain('a') })
    const second = encode({ baseOffset: 1, records: plain('b') })
    for (let cut = 0; cut < second.length; cut++) {
      const cursor = cursorOver(Buffer.concat([first, second.subarray(0, cut)]))
      expect([cursor.advance(), cursor.advance(), cursor.position]).toEqual([true, false, 1])
    }
  })

  test('with any bit flipped after its checksum is refused with topic, partition and offset', () => {
    const whole = encode({ baseOffset: 7, records: plain('a', 'b') })
    fc.assert(
      fc.property(fc.integer({ min: layout.crcAt, max: whole.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const damaged = Buffer.from(whole)
        damaged[at]! ^= 1 << bit
        expect(() => read(damaged, { from: 7 })).toThrow(/topic "t", partition 3, at offset 7.*checksum/)
      }),
    )
  })

  test('that lies under a right checksum is refused, whatever it says', () => {
    const whole = encode({ records: plain('a', 'b', 'c'), compression: 'none' })
    fc.assert(
      fc.property(fc.integer({ min: layout.attributesAt, max: whole.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const damaged = Buffer.from(whole)
        damaged[at] = byte
        checksum(damaged)
        try {
          for (const { key } of read(damaged)) expect(key?.length ?? 0).toBeLessThanOrEqual(whole.length)
        } catch (error) {
          const code = at === layout.attributesAt + 1 ? /^(CORRUPT_BATCH|UNSUPPORTED_COMPRESSION)$/ : /^CORRUPT_BATCH$/
          expect(error).toMatchObject({ code: expect.stringMatching(code), facts: { topic: 't', partition: 3 } })
        }
      }),
    )
  })

  test('in a compression that nobody knows here is refused by its place and number, once its checksum is right', () => {
    const bytes = encode({ records: plain('a'), baseOffset: 7 })
    bytes[layout.attributesAt + 1]! |= 6
    checksum(bytes)
    expect(() => read(bytes, { from: 7 })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED_COMPRESSION',
        isLasting: true,
        message:
          'Cannot read the records of topic "t", partition 3, from offset 7 on: their compression has the number 6, which is ' +
          'not known here. Let producers use gzip, snappy, lz4 or zstd, and start after them.',
      }),
    )
  })

  test('of an older message format is refused by its number', () => {
    const bytes = encode({ records: plain('a') })
    bytes[layout.magicAt] = 1
    expect(() => read(bytes)).toThrow(/message format 1, not 2/)
  })

  test('that would be larger than its limit when decompressed is refused before it is', () => {
    const bomb = encode({
      records: [{ timestampMs: 0, key: null, value: Buffer.alloc(300 * 2 ** 20), headers: [] }],
      compression: 'zstd',
    })
    expect(bomb.length).toBeLessThan(100_000)
    expect(() => read(bomb)).toThrow(/cannot be decompressed \(zstd\)/)
  })
})

describe('Transactions in a log', () => {
  test('that were aborted are left out, also where they interleave with others', () => {
    // Producer 1 aborts twice, producer 2 commits in between, and a batch without transaction stands among them.
    const log = Buffer.concat([
      encode({ baseOffset: 0, producerId: 1, isTransactional: true, records: plain('aborted') }),
      encode({ baseOffset: 1, producerId: 2, isTransactional: true, records: plain('kept 1') }),
      encode({ baseOffset: 2, records: plain('plain') }),
      marker({ offset: 3, producerId: 1, type: 'abort' }),
      encode({ baseOffset: 4, producerId: 1, isTransactional: true, records: plain('kept 2') }),
      marker({ offset: 5, producerId: 1, type: 'commit' }),
      encode({ baseOffset: 6, producerId: 1, isTransactional: true, records: plain('aborted') }),
      encode({ baseOffset: 7, producerId: 2, isTransactional: true, records: plain('kept 3') }),
      marker({ offset: 8, producerId: 1, type: 'abort' }),
      marker({ offset: 9, producerId: 2, type: 'commit' }),
    ])
    const aborted = new AbortedTransactions([
      { producerId: 1, firstOffset: 6 },
      { producerId: 1, firstOffset: 0 },
    ])
    const cursor = cursorOver(log, {}, aborted)
    const seen: unknown[] = []
    while (cursor.advance()) seen.push([cursor.offset, cursor.valueText()])
    expect(seen).toEqual([
      [1, 'kept 1'],
      [2, 'plain'],
      [4, 'kept 2'],
      [7, 'kept 3'],
    ])
    expect(cursor.position).toBe(10)
  })

  test('are all read uncommitted, without their markers', () => {
    const log = Buffer.concat([
      encode({ baseOffset: 0, producerId: 1, isTransactional: true, records: plain('a') }),
      marker({ offset: 1, producerId: 1, type: 'abort' }),
    ])
    expect(read(log).map(({ offset }) => offset)).toEqual([0])
  })
})

function plain(...values: string[]): PlainRecord[] {
  return values.map((value) => ({ timestampMs: 5, key: null, value: Buffer.from(value), headers: [] }))
}

function encode({
  baseOffset = 0,
  producerId = -1,
  isTransactional = false,
  compression = 'none',
  records,
}: PlainBatch): Buffer {
  const builder = new RecordBatchBuilder(128)
  for (const { timestampMs, key, value, headers } of records) builder.append(timestampMs, key, value, headers)
  const bytes = builder.seal({ compression, producerId, epoch: 0, baseSequence: 0, isTransactional })
  layout.writeInt64(bytes, baseOffset, layout.baseOffsetAt) // As the broker does.
  return bytes
}

function sealed(builder: RecordBatchBuilder): Buffer {
  return builder.seal({ compression: 'none', producerId: -1, epoch: -1, baseSequence: -1, isTransactional: false })
}

function marker({
  offset,
  producerId,
  type,
}: {
  offset: number
  producerId: number
  type: 'abort' | 'commit'
}): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1])
  const bytes = encode({
    baseOffset: offset,
    producerId,
    isTransactional: true,
    records: [{ timestampMs: 5, key, value: Buffer.alloc(6), headers: [] }],
  })
  bytes[layout.attributesAt + 1]! |= layout.controlFlag
  checksum(bytes)
  return bytes
}

function checksum(bytes: Buffer): void {
  bytes.writeUInt32BE(crc32cOf(bytes.subarray(layout.attributesAt)), layout.crcAt)
}

/** By the definition, bit by bit: the other side of the library's. */
function crc32cOf(bytes: Buffer): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  }
  return (crc ^ 0xffff_ffff) >>> 0
}

function cursorOver(
  bytes: Buffer,
  { from = 0, until = Infinity }: { from?: number; until?: number } = {},
  aborted?: AbortedTransactions,
): RecordCursor<{ topic: string; partition: number }> {
  const cursor = new RecordCursor({ topic: 't', partition: 3 }, from, until)
  cursor.open(bytes, aborted)
  return cursor
}

function read(bytes: Buffer, range: { from?: number; until?: number } = {}): (PlainRecord & { offset: number })[] {
  const cursor = cursorOver(bytes, range)
  const records: (PlainRecord & { offset: number })[] = []
  while (cursor.advance()) {
    const { offset, timestampMs } = cursor
    records.push({ offset, timestampMs, key: cursor.key(), value: cursor.value(), headers: cursor.headers() })
  }
  return records
}
