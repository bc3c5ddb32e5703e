import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'
import { bytesFormat } from './bytes-format.ts'
import { type Change, debeziumFormat } from './debezium-format.ts'
import { jsonFormat } from './json-format.ts'
import { msgpackFormat } from './msgpack-format.ts'
import { stringFormat } from './string-format.ts'

interface Row {
  readonly id: number
}

/** Rows have a number as id; it answers a row without anything else. */
const rowSchema: StandardSchemaV1<unknown, Row> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const id = (value as { id?: unknown }).id
      return typeof id === 'number' ? { value: { id } } : { issues: [{ message: 'no number', path: ['id'] }] }
    },
  },
}
const asyncSchema: StandardSchemaV1<unknown, Row> = {
  '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: { id: 1 } }) },
}

const bytesOf = (value: string | Uint8Array) => Buffer.from(value)

test('Every format reads what it has written', () => {
  const values = fc.jsonValue({ maxDepth: 2 })
  fc.assert(
    fc.property(values, fc.string({ unit: 'grapheme' }), fc.uint8Array(), (value, text, bytes) => {
      // JSON has no negative zero.
      const plain: unknown = JSON.parse(JSON.stringify(value))
      expect(jsonFormat().deserialize(bytesOf(jsonFormat().serialize(plain)))).toEqual(plain)
      expect(msgpackFormat().deserialize(bytesOf(msgpackFormat().serialize(plain)))).toEqual(plain)
      expect(stringFormat().deserialize(bytesOf(stringFormat().serialize(text)))).toBe(text)
      expect(bytesFormat().deserialize(bytesOf(bytesFormat().serialize(bytes)))).toEqual(bytes)
    }),
    { numRuns: 30 },
  )
})

test('Bytes that were read stay as they are when the fetched memory is used again', () => {
  const fetched = Buffer.from([1, 2, 3])
  const packed = bytesOf(msgpackFormat().serialize({ bytes: fetched }))
  const bytes = bytesFormat().deserialize(fetched)
  const unpacked = msgpackFormat<{ bytes: Uint8Array }>().deserialize(packed)
  fetched.fill(0)
  packed.fill(0)
  expect(bytes).toEqual(new Uint8Array([1, 2, 3]))
  expect([...unpacked!.bytes]).toEqual([1, 2, 3])
})

test('Integers of msgpack are numbers as long as they are exact', () => {
  const format = msgpackFormat()
  expect(format.deserialize(Buffer.from('cf001fffffffffffff', 'hex'))).toBe(Number.MAX_SAFE_INTEGER)
  expect(format.deserialize(Buffer.from('cf7fffffffffffffff', 'hex'))).toBe(2n ** 63n - 1n)
})

test('A schema makes the record, and names what does not fit', () => {
  for (const format of [jsonFormat(rowSchema), msgpackFormat(rowSchema)]) {
    expectTypeOf(format.deserialize).returns.toEqualTypeOf<Row | undefined>()
    expect(format.deserialize(bytesOf(format.serialize({ id: 1, more: true } as Row)))).toEqual({ id: 1 })
    const wrong = bytesOf(format.serialize({ id: 'x' } as unknown as Row))
    expect(() => format.deserialize(wrong)).toThrow('it does not fit the schema: id: no number')
  }
  expect(() => jsonFormat(asyncSchema).deserialize(bytesOf('{}'))).toThrow(/validates asynchronously/)
})

function changeOf(event: unknown) {
  return debeziumFormat(rowSchema).deserialize(bytesOf(JSON.stringify(event)))
}

test('Change events of Debezium are typed changes, with and without a schema inside', () => {
  const facts = { source: { table: 'users' }, ts_ms: 5 }
  const origin = { source: { table: 'users' }, timestampMs: 5 }
  const one = { id: 1 }
  const two = { id: 2 }
  expectTypeOf(changeOf).returns.toEqualTypeOf<Change<Row> | undefined>()
  expect(changeOf({ op: 'c', before: null, after: one, ...facts })).toEqual({ op: 'create', after: one, ...origin })
  expect(changeOf({ payload: { op: 'r', after: one, ...facts }, schema: {} })).toEqual({
    op: 'read',
    after: one,
    ...origin,
  })
  expect(changeOf({ op: 'u', before: one, after: two, ...facts })).toEqual({
    op: 'update',
    before: one,
    after: two,
    ...origin,
  })
  expect(changeOf({ op: 'u', before: null, after: two })).toEqual({ op: 'update', after: two, source: {} })
  expect(changeOf({ op: 'd', before: one, after: null, ...facts })).toEqual({ op: 'delete', before: one, ...origin })
  expect(changeOf({ op: 't', ...facts })).toEqual({ op: 'truncate', ...origin })
  expect(changeOf({ op: 'm', message: {} })).toBeUndefined()
})

test.each([
  ['[]', 'it is no object'],
  ['{"op":"x"}', 'its "op" is "x"'],
  ['{"id":1}', 'its "op" is missing'],
  ['{"op":"c","after":null}', 'it has no row in "after"'],
  ['{"op":"u","before":{"id":"x"},"after":{"id":1}}', '"before" does not fit the schema: id: no number'],
  ['not json', 'not valid JSON'],
])('%s is no change event: %s', (text, reason) => {
  expect(() => debeziumFormat(rowSchema).deserialize(bytesOf(text))).toThrow(reason)
})
