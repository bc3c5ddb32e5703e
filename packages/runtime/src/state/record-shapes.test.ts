import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isExactCopy } from '../record/testing/exact.ts'
import { KeyGroupReader, KeyGroupsWriter, readKeyGroupEntries } from '../snapshot/key-group-codec.ts'
import { RecordShapes } from './record-shapes.ts'

class Reading {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

const long = 'a text of more than thirteen characters'

describe('A place', () => {
  test.each<[string, unknown, unknown]>([
    [
      'a flat object',
      { a: 1, b: 'x', c: null, d: undefined, e: 1n, f: true },
      { a: 2.5, b: long, c: 'y', d: 0, e: 2n, f: false },
    ],
    ['a tuple', ['key', 1], ['key', -0]],
    ['a number', 1, 2],
    ['a text', long, 'short'],
    ['a nested record', { a: { b: [1] } }, { a: { b: [2, 3] } }],
    ['an instance', new Reading(1), new Reading(2)],
    ['an empty object', {}, {}],
    ['an array with a hole', Object.assign([], { 0: 1, 2: 3 }), Object.assign([], { 1: 2, 2: 3 })],
    ['an own __proto__', JSON.parse('{"__proto__": 1}'), JSON.parse('{"__proto__": 2}')],
  ])('keeps %s as it is, and then another of its kind', (_, first, second) => {
    const place = new RecordShapes().create(first)
    expect(place.shape.load(place)).toStrictEqual(first)
    expect(place.shape.store(place, second)).toBe(true)
    expect(place.shape.load(place)).toStrictEqual(second)
  })

  test('of a tuple takes no array with a hole for one', () => {
    const shapes = new RecordShapes()
    const place = shapes.create([1, 2])
    const holed = Object.assign([], { 1: 2 })
    expect(place.shape.store(place, holed)).toBe(false)
    expect(shapes.create(holed).shape.load(shapes.create(holed))).toStrictEqual(holed)
    expect(place.shape.store(place, [undefined, 2])).toBe(true)
    expect(place.shape.load(place)).toStrictEqual([undefined, 2])
  })

  test('of flat records gives a new object at each reading, with the fields in order', () => {
    const place = new RecordShapes().create({ b: 1, a: 2 })
    const read = place.shape.load(place) as { b: number }
    expect(Object.keys(read)).toEqual(['b', 'a'])
    read.b = 99
    expect(place.shape.load(place)).toEqual({ b: 1, a: 2 })
  })

  test.each([
    [{ a: 1, b: 2, c: 3 }],
    [{ a: 1 }],
    [{ b: 2, a: 1 }],
    [{ a: 1, b: { nested: true } }],
    [[1, 2]],
    [null],
    [Object.assign(Object.create({ inherited: 1 }), { a: 1, b: 2 })],
  ])('of flat records refuses %j, which is of another shape, and stays as it was', (other) => {
    const place = new RecordShapes().create({ a: 1, b: 2 })
    expect(place.shape.store(place, other)).toBe(false)
    expect(place.shape.load(place)).toEqual({ a: 1, b: 2 })
  })

  test.each([
    ['sum', 5, 7],
    ['sum', 0.5, 2.5],
    ['min', 1, 1],
    ['min', 5, 2],
    ['max', 5, 5],
    ['max', 1, 2],
  ] as const)('combines a field by %s: 2 and %d are %d', (kind, next, result) => {
    for (const record of [{ key: 'k', value: 2 }, { key: 'k', value: 2, nested: {} }, new Reading(2)]) {
      const place = new RecordShapes({ kind, field: 'value' }).create(record)
      place.shape.aggregate(place, next)
      const combined = place.shape.load(place)
      expect(combined).toStrictEqual(record instanceof Reading ? new Reading(result) : { ...record, value: result })
    }
    const tuple = new RecordShapes({ kind, field: 1 }).create(['k', 2])
    tuple.shape.aggregate(tuple, next)
    expect(tuple.shape.load(tuple)).toEqual(['k', result])
  })
})

test('More shapes than are generated for are kept generally', () => {
  const shapes = new RecordShapes()
  for (let i = 0; i < 20; i++) {
    const place = shapes.create({ [`field${i}`]: i })
    expect(place.shape.load(place)).toEqual({ [`field${i}`]: i })
  }
})

test('Flat records are written and read back exactly, whatever is in their fields', () => {
  const field = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      undefined,
      true,
      false,
      -0,
      0,
      Number.NaN,
      127,
      -129,
      40_000,
      2 ** 31,
      -(2 ** 31),
      'k',
    ),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.string({ unit: 'binary', maxLength: 100 }),
    // Of the lengths at which texts are written in another way.
    fc.integer({ min: 0, max: 200 }).map((length) => 'x'.repeat(length)),
    fc.integer({ min: 1, max: 80 }).map((length) => `${'x'.repeat(length - 1)}\u00e9`),
    fc.integer({ min: 1, max: 80 }).map((length) => `${'x'.repeat(length - 1)}\ud800`),
  )
  const record = fc.oneof(
    fc.record({ key: field, value: field, other: field }),
    fc.tuple(field, field),
    fc.record({ a: field }),
  )
  const form = { kind: 'value', hasTtl: false } as const
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), fc.constantFrom<unknown>('k', 127, ['k']), (records, key) => {
      const shapes = new RecordShapes()
      const writer = new KeyGroupsWriter(0)
      writer.startState(form)
      for (const each of records) {
        const place = shapes.create(each)
        writer.startKey(0, key)
        writer.valueBy(place.shape, place, 0)
      }
      const read = writer.finish().flatMap(({ bytes }) => [...readKeyGroupEntries(new KeyGroupReader(), bytes, [form])])
      expect(
        isExactCopy(
          records,
          read.flatMap(({ values }) => values),
        ),
      ).toBe(true)
    }),
  )
})
