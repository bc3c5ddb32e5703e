import { expect, test } from 'vitest'
import { jsonRow } from './json-row.ts'

test.each<[unknown, string]>([
  [undefined, 'null'],
  [null, 'null'],
  ['it\'s "x"', '"it\'s \\"x\\""'],
  [1.5, '1.5'],
  [Number.NaN, '"NaN"'],
  [Number.NEGATIVE_INFINITY, '"-Infinity"'],
  [12345678901234567890n, '"12345678901234567890"'],
  [true, 'true'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [Buffer.from([0, 255]), '"\\\\x00ff"'],
  [[1, [2n, null], new Date(0)], '[1,["2",null],"1970-01-01T00:00:00.000Z"]'],
  [{ a: [1] }, '{"a":[1]}'],
])('%o stands in a row as %s', (value, json) => {
  expect(jsonRow(['a', 'the "b"'], [0, value], 't')).toBe(`{"a":0,"the \\"b\\"":${json}}`)
})

test.each<[unknown, string]>([
  [() => 1, 'Cannot write [Function (anonymous)] to column "a" of table "t": a function is no value of a database.'],
  [new Date(Number.NaN), 'Cannot write Invalid Date to column "a" of table "t": Invalid time value.'],
  [{ n: 1n }, 'Cannot write { n: 1n } to column "a" of table "t": Do not know how to serialize a BigInt.'],
])('%o is refused', (value, message) => {
  expect(() => jsonRow(['a'], [value], 't')).toThrow(message)
})
