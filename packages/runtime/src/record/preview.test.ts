import fc from 'fast-check'
import { expect, test } from 'vitest'
import { previewRecord } from './preview.ts'
import { anyValue } from './testing/arbitrary-record.ts'

test('A preview shows what a record holds, on one line', () => {
  class Order {
    id = 7
  }
  const values = [
    { id: 1, name: 'a "b"\n', 'odd key': -0 },
    Object.assign([1], { 2: null, 3: undefined }),
    new Map<unknown, unknown>([['k', [1n]]]),
    new Set([true]),
    new Date(0),
    new Date(Number.NaN),
    new Uint8Array(3),
    new Order(),
    Object.create(null),
    () => 0,
    Symbol('s'),
    new TypeError('no'),
    { a: { b: { c: { d: { e: 1 } } } } },
  ]
  expect(values.map((value) => previewRecord(value))).toEqual([
    '{id: 1, name: "a \\"b\\"\\n", "odd key": -0}',
    '[1, <hole>, null, undefined]',
    'Map(1) {"k" => [1n]}',
    'Set(1) {true}',
    'Date(1970-01-01T00:00:00.000Z)',
    'Date(invalid)',
    'Uint8Array(3 bytes)',
    'Order {id: 7}',
    'null-prototype object {}',
    'function (anonymous)',
    'Symbol(s)',
    'TypeError("no")',
    '{a: {b: {c: {d: {…}}}}}',
  ])
})

test('A preview calls no getter and no method of the value, and never throws', () => {
  const hostile = new Proxy({}, { ownKeys: () => { throw new Error('no') } }) // biome-ignore format: one line
  const getter = { get secret() { throw new Error('no') } } // biome-ignore format: one line
  const text = { toString: () => { throw new Error('no') }, toJSON: () => 'no' } // biome-ignore format: one line
  expect([hostile, getter, text].map((value) => previewRecord(value))).toEqual([
    '<unreadable>',
    '{secret: <getter>}',
    '{toString: function toString, toJSON: function toJSON}',
  ])
})

test('A preview has at most as many characters as it may have', () => {
  fc.assert(
    fc.property(anyValue(), fc.integer({ min: 1, max: 200 }), (value, chars) => {
      const preview = previewRecord(value, chars)
      expect(preview.length).toBeLessThanOrEqual(chars)
      expect(preview).not.toMatch(/\n/)
    }),
  )
  expect(previewRecord('x'.repeat(1_000_000), 10)).toBe('"xxxxxxxx…')
})
