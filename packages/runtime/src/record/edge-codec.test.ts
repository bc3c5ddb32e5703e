import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createEdgeCodec, type EdgeCodec } from './edge-codec.ts'
import { RecordError } from './record-error.ts'
import { anyValue, recordStream } from './testing/arbitrary-record.ts'
import { createSegment, passThrough } from './testing/channel.ts'
import { isExactCopy } from './testing/exact.ts'

const inferred = (): EdgeCodec<unknown> => createEdgeCodec({ genericTypes: true, describe: () => 'A -> B' })

function expectSame(records: readonly unknown[], received: readonly unknown[]): void {
  expect(received.length).toBe(records.length)
  const wrong = records.findIndex((record, i) => !isExactCopy(record, received[i]))
  if (wrong >= 0) expect({ at: wrong, record: received[wrong] }).toEqual({ at: wrong, record: records[wrong] })
  expect(wrong).toBe(-1)
}

const rows = (count: number, of: (i: number) => unknown): unknown[] => Array.from({ length: count }, (_, i) => of(i))

describe('An edge without a declared type', () => {
  test('keeps every record exactly, in order, whatever the shapes, the segments and the stops', () => {
    fc.assert(
      fc.property(
        recordStream(),
        fc.constantFrom(4096, 5000 & ~7, 16_384, 1 << 20),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        (records, segmentBytes, stops) => {
          const passage = passThrough(inferred(), records, segmentBytes, (round) => stops[round % stops.length]!)
          expectSame(records, passage.received)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('keeps any value at all', () => {
    fc.assert(
      fc.property(fc.array(anyValue(), { minLength: 1, maxLength: 60 }), (values) => {
        const records = [...values, ...values]
        expectSame(records, passThrough(inferred(), records).received)
      }),
      { numRuns: 40 },
    )
  })

  test('packs rows of one layout without tags: two integers and a text take three words and the text', () => {
    const records = rows(10_000, (i) => ({ key: i % 7, value: i, text: 'abcdefghijklmnopqrst' }))
    const { received, bytes } = passThrough(inferred(), records, 32_768)
    expectSame(records, received)
    expect(bytes / records.length).toBeLessThan(33)
  })

  test.each<[string, (i: number) => unknown]>([
    ['words', (i) => `word${i % 100}`],
    ['integers', (i) => i - 5000],
    ['doubles', (i) => i / 4],
    ['tuples', (i) => [`w${i}`, 1]],
    ['empty objects', () => ({})],
    ['empty arrays', () => []],
    ['alternating shapes', (i) => (i % 2 === 0 ? { a: i } : { b: `${i}`, c: i })],
    ['five shapes', (i) => ({ [`key${i % 5}`]: i })],
    ['a missing key and an undefined one', (i) => (i % 2 === 0 ? { a: 1 } : { a: 1, b: undefined })],
    ['integers that become doubles', (i) => ({ n: i < 500 ? i : i + 0.5 })],
    ['minus zero among integers', (i) => ({ n: i % 100 === 99 ? -0 : i })],
    ['mixed scalars', (i) => ({ v: [i, `${i}`, null, undefined, i % 3 === 0, i / 3][i % 6] })],
    ['nullable texts', (i) => ({ s: i % 3 === 0 ? null : i % 7 === 0 ? undefined : `s${i}` })],
    ['nullable objects', (i) => ({ o: i % 3 === 0 ? null : { x: i } })],
    ['lists that grow', (i) => ({ items: rows(i % 9, (k) => ({ sku: `s${k}`, n: k })) })],
    ['tuples that become lists', (i) => (i < 100 ? [i, i] : rows(i % 5, (k) => k))],
    [
      'lists with a hole at times',
      (i) => ({ l: i % 50 === 49 ? Object.assign([], { length: 3 }) : [undefined, i, null] }),
    ],
    ['dates and bytes', (i) => ({ at: new Date(i), raw: i % 2 === 0 ? new Uint8Array([i]) : Buffer.from([i, 1]) })],
    ['bigints', (i) => ({ b: i % 3 === 0 ? 2n ** 64n + BigInt(i) : BigInt(-i) })],
    ['a general part', (i) => ({ id: i, tags: new Set([i, `t${i}`]) })],
    ['optional keys further down', (i) => ({ user: i % 2 === 0 ? { id: i } : { id: i, email: 'e' } })],
    ['keys named like integers', (i) => ({ 2: i, 1: `${i}`, name: 'x' })],
    ['keys that need quotes', (i) => ({ 'a"b\n\u2028': i, '${x}`': `${i}` })],
    ['an own __proto__', (i) => JSON.parse(`{"__proto__": ${i}, "b": 2}`)],
    ['null prototypes', (i) => Object.assign(Object.create(null), { i })],
    ['maps', (i) => new Map([[i, i]])],
    ['one in a hundred different', (i) => (i % 100 === 0 ? { odd: [i, { deep: `${i}` }] } : { id: i, name: `n${i}` })],
    ['different every time', (i) => ({ [`k${i}`]: i })],
  ])('keeps %s', (_name, of) => {
    const records = rows(1000, of)
    expectSame(records, passThrough(inferred(), records).received)
  })

  test.each<[string, number, (i: number) => unknown]>([
    ['integers that become doubles', 12, (i) => ({ n: i < 500 ? i : i + 0.5 })],
    ['texts that become null at times', 24, (i) => ({ s: i % 50 === 49 ? null : `text ${i}` })],
    ['lists whose length changes', 50, (i) => ({ l: rows(i < 40 ? 3 : i % 10, (k) => k) })],
    ['another shape after a while', 24, (i) => (i < 500 ? { id: i } : { id: i, name: 'abc' })],
  ])('widens a layout for %s at the second misfit, and packs the rest', (_name, bytesMax, of) => {
    const records = rows(10_000, of)
    const { received, bytes } = passThrough(inferred(), records, 32_768)
    expectSame(records, received)
    expect(bytes / records.length).toBeLessThan(bytesMax)
  })

  test('sends texts of one byte a character as such, and others in two, also where a segment is full of them', () => {
    const latin = rows(3000, (i) => `latin ÿ ${i}`)
    const wide = rows(3000, (i) => `wide Ā\ud800 ${i}`)
    const mixed = rows(3000, (i) => (i % 400 === 399 ? `wide ☃ ${i}` : `latin ${i}`))
    for (const segmentBytes of [4096, 4104, 32_768, 1 << 20]) {
      for (const records of [latin, wide, mixed])
        expectSame(records, passThrough(inferred(), records, segmentBytes).received)
    }
    const { bytes, segments } = passThrough(inferred(), latin, 4096)
    expect(bytes / segments).toBeGreaterThan(3500)
  })

  test('sends what is larger than a segment by itself, in order, and the layouts it needs with it', () => {
    const big = (i: number): unknown => ({ id: i, text: 'x'.repeat(i % 10 === 0 ? 10_000 : 10), more: [i] })
    const huge = { id: 1, text: '☃'.repeat(700_000), more: [1] }
    const records = [...rows(200, big), huge, ...rows(20, big)]
    const { received, large } = passThrough(inferred(), records)
    expectSame(records, received)
    expect(large).toBe(23)
  })

  test('defines a layout that is larger than a segment along with a large record', () => {
    const wide = (i: number): unknown =>
      Object.fromEntries(rows(60, (k) => [`${'key'.repeat(40)}${k}`, i]) as [string, number][])
    const records = rows(100, wide)
    const { received, large } = passThrough(inferred(), records)
    expectSame(records, received)
    // The samples, and the one that carries the definition.
    expect(large).toBeLessThanOrEqual(34)
  })

  test('lets channels share layouts, and each be read by itself', () => {
    const codec = inferred()
    const records = rows(100, (i) => ({ id: i, name: `n${i}` }))
    expectSame(records, passThrough(codec, records).received)
    const { received, bytes } = passThrough(codec, records)
    expectSame(records, received)
    expect(bytes).toBeLessThan(100 * 16)
  })

  test('hands over nothing that lies in the memory of the segment', () => {
    const records = rows(100, (i) => ({ bytes: new Uint8Array([i, i]), any: new Map([[1, new Float64Array([i])]]) }))
    const { received } = passThrough(inferred(), records)
    expectSame(records, received)
  })

  test('answers that a record does not fit, and has written nothing of it', () => {
    const encoder = inferred().encoder()
    const segment = createSegment(4096)
    encoder.open(segment)
    const record = { text: 'x'.repeat(900) }
    const answers = [1, 2, 3, 4, 5].map(() => encoder.write(record))
    expect([answers, encoder.recordCount]).toEqual([[true, true, true, true, false], 4])
    const decoder = inferred().decoder()
    decoder.open(segment, encoder.seal())
    expect([decoder.read(() => {}, { stop: false }, 10), decoder.exhausted]).toEqual([4, true])
  })

  test('seals an empty segment as no bytes', () => {
    const encoder = inferred().encoder()
    encoder.open(createSegment(4096))
    expect([encoder.recordCount, encoder.seal()]).toEqual([0, 0])
  })

  test('refuses what may not leave its thread, early and late, with edge and path', () => {
    const encoder = inferred().encoder()
    const segment = createSegment(1 << 16)
    encoder.open(segment)
    const refusal = (record: unknown): unknown => {
      try {
        encoder.write(record)
      } catch (error) {
        if (error instanceof RecordError) return [error.code, error.facts.path]
      }
      return 'taken'
    }
    const bad = (): unknown[] => [
      refusal({ id: 1, name: () => 0 }),
      refusal({ id: Symbol('s'), name: 'x' }),
      refusal({ id: 1, name: 'x', more: new (class Order {})() }),
      refusal({ id: 1, name: { tags: new Set([() => 0]) } }),
    ]
    const expected = [
      ['UNSUPPORTED_VALUE', 'name'],
      ['UNSUPPORTED_VALUE', 'id'],
      ['UNREGISTERED_CLASS', 'more'],
      ['UNSUPPORTED_VALUE', 'name.tags<set value function (anonymous)>'],
    ]
    expect(bad()).toEqual(expected)
    for (let i = 0; i < 100; i++) encoder.write({ id: i, name: 'x' })
    expect(bad()).toEqual(expected)
    expect(encoder.recordCount).toBe(100)
    for (let i = 0; i < 50; i++) encoder.write({ at: new Date(i) })
    expect(refusal({ at: Object.assign(new Date(0), { zone: 'UTC' }) })).toEqual(['UNSUPPORTED_PROPERTY', 'at'])
    const hiding = { id: 1, name: 'x', [Symbol('s')]: 1 }
    encoder.seal()
    encoder.open(segment)
    expect(refusal(hiding)).toEqual(['UNSUPPORTED_PROPERTY', ''])
    expect(() => encoder.write({ f: () => 0 })).toThrow('Cannot send a record along A -> B: `f` is a function')
  })

  test('refuses to be made without a declared type after disableGenericTypes()', () => {
    expect(() => createEdgeCodec({ genericTypes: false, describe: () => 'A -> B' })).toThrow(
      'Cannot send records along A -> B: they have no declared type, and disableGenericTypes() was called. ' +
        'Remedy: declare it with returns(type).',
    )
  })

  test('reads garbage as a RecordError or as some records, and always comes to an end', () => {
    const sample = rows(120, (i) => ({
      id: i,
      name: `n${i}`,
      items: rows(i % 4, (k) => [k, `${k}`]),
      any: i % 2 ? new Map([[i, 1]]) : i,
    }))
    const codec = inferred()
    const encoder = codec.encoder()
    const segment = createSegment(16_384)
    encoder.open(segment)
    for (const record of sample) encoder.write(record)
    const used = encoder.seal()
    const good = segment.bytes.slice(0, used)
    const readAll = (usedBytes: number): void => {
      const decoder = codec.decoder()
      try {
        decoder.open(segment, usedBytes)
        let calls = 0
        while (!decoder.exhausted && calls++ < 10_000) decoder.read(() => {}, { stop: false }, 1000)
        expect(calls).toBeLessThan(10_000)
      } catch (error) {
        if (!(error instanceof RecordError)) throw error
      }
    }
    const runCountAt = 5
    for (const count of [0, -1, 2 ** 31 - 1]) {
      segment.bytes.set(good)
      segment.int32[runCountAt] = count
      const decoder = codec.decoder()
      decoder.open(segment, used)
      expect(() => decoder.read(() => {}, { stop: false }, Infinity)).toThrow(RecordError)
    }
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(used - 1), fc.nat(255)), { maxLength: 4 }),
        fc.option(fc.tuple(fc.nat(used / 4 - 1), fc.constantFrom(-1, 0, 2 ** 31 - 1, -(2 ** 31), 1 << 20)), {
          nil: undefined,
        }),
        fc.integer({ min: 0, max: 3 }),
        (bytes, word, cut) => {
          segment.bytes.set(good)
          for (const [at, byte] of bytes) segment.bytes[at] = byte
          if (word !== undefined) segment.int32[word[0]] = word[1]
          readAll(cut === 0 ? used - 4 * bytes.length : used)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
