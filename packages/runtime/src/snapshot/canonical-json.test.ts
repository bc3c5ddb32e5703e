import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GeneralDecoder } from '../record/general-decoder.ts'
import { GeneralEncoder } from '../record/general-encoder.ts'
import { anyValue } from '../record/testing/arbitrary-record.ts'
import { canonicalJson, UnregisteredInstance } from './canonical-json.ts'

test('canonicalJson writes plain values as JSON, and what JSON lacks as tagged objects', () => {
  const sparse: unknown[] = [1]
  sparse[3] = undefined
  const values = [
    null,
    true,
    'a"\ud800',
    1.5,
    1e21,
    [1, [2]],
    { b: 1, a: 'x' },
    undefined,
    -0,
    Number.NaN,
    -Infinity,
    12n,
    new Date(0),
    new Date(Number.NaN),
    new Map<unknown, unknown>([
      [2, 'b'],
      [1n, { z: 1 }],
    ]),
    new Set([3, 'a']),
    Uint8Array.of(1, 2),
    Buffer.from([3]),
    Int16Array.of(-1),
    Uint8Array.of(4).buffer,
    new DataView(Uint8Array.of(5).buffer),
    sparse,
    Object.assign(Object.create(null) as object, { a: 1 }),
    { $date: 0 },
    new UnregisteredInstance('Point', { y: 2, x: 1 }),
  ]
  expect(values.map(canonicalJson)).toEqual([
    'null',
    'true',
    '"a\\"\\ud800"',
    '1.5',
    '1e+21',
    '[1,[2]]',
    '{"a":"x","b":1}',
    '{"$undefined":true}',
    '{"$number":"-0"}',
    '{"$number":"NaN"}',
    '{"$number":"-Infinity"}',
    '{"$bigint":"12"}',
    '{"$date":"1970-01-01T00:00:00.000Z"}',
    '{"$date":null}',
    '{"$map":[[2,"b"],[{"$bigint":"1"},{"z":1}]]}',
    '{"$set":[3,"a"]}',
    '{"$bytes":"AQI="}',
    '{"$buffer":"Aw=="}',
    '{"$view":"Int16Array","bytes":"//8="}',
    '{"$arrayBuffer":"BA=="}',
    '{"$view":"DataView","bytes":"BQ=="}',
    '{"$array":4,"items":[[0,1],[3,{"$undefined":true}]]}',
    '{"$nullPrototypeObject":{"a":1}}',
    '{"$object":{"$date":0}}',
    '{"$type":"Point","value":{"x":1,"y":2}}',
  ])
})

test('canonicalJson is JSON, the same for a copy, and differs between different values', () => {
  fc.assert(
    fc.property(anyValue(), anyValue(), (a, b) => {
      const text = canonicalJson(a)
      JSON.parse(text)
      expect(canonicalJson(new GeneralDecoder().decode(new GeneralEncoder().encode(a)))).toBe(text)
      if (text === canonicalJson(b)) expect(a).toEqual(b)
    }),
  )
})
