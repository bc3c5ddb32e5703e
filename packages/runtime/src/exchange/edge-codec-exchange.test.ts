import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEdgeCodec } from '../record/edge-codec.ts'
import { anyValue } from '../record/testing/arbitrary-record.ts'
import { isExactCopy } from '../record/testing/exact.ts'
import { ExchangePair } from '../testing/exchange/exchange-pair.ts'

/** Records of a few shapes and of all sizes: the codec's layouts come and go, and some records outgrow a segment. */
const record = fc.oneof(
  { weight: 6, arbitrary: fc.record({ key: fc.integer(), name: fc.string({ maxLength: 30 }) }) },
  { weight: 3, arbitrary: fc.record({ key: fc.double(), items: fc.array(fc.integer(), { maxLength: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ key: fc.integer(), name: fc.string({ minLength: 600, maxLength: 4000 }) }) },
  { weight: 2, arbitrary: anyValue() },
)

test('records of any shape and size arrive exactly, in order, on each of two channels', () => {
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 150, size: 'max' }),
      fc.constantFrom(-1, 0),
      fc.constantFrom(256, 1024),
      (records, bufferTimeoutMs, segmentBytes) => {
        const codec = createEdgeCodec<unknown>({ genericTypes: true, describe: () => 'from "A" to "B"' })
        const pair = new ExchangePair<unknown>({
          codec,
          consumers: 2,
          partitioning: { ship: 'RESCALE' },
          bufferTimeoutMs,
          segmentBytes,
          overflowBytes: 10_000_000,
        })
        const received: unknown[][] = [[], []]
        records.forEach((each, i) => {
          pair.writer.emit(each)
          if (i % 40 === 39) received[0]!.push(...pair.receiveAll(0))
        })
        pair.writer.flush()
        for (const consumer of [0, 1]) received[consumer]!.push(...pair.receiveAll(consumer))
        const sent = [0, 1].map((consumer) => records.filter((_, i) => i % 2 === consumer))
        expect(received.map((each) => each.length)).toEqual(sent.map((each) => each.length))
        expect(received.every((each, c) => each.every((value, i) => isExactCopy(value, sent[c]![i])))).toBe(true)
      },
    ),
  )
})

test('a record that may not cross an edge is an error where it is emitted', () => {
  const codec = createEdgeCodec<unknown>({ genericTypes: true, describe: () => 'from "A" to "B"' })
  const pair = new ExchangePair<unknown>({ codec })
  expect(() => pair.writer.emit({ ok: 1, callback: () => 1 })).toThrow(/from "A" to "B".*callback/)
})
