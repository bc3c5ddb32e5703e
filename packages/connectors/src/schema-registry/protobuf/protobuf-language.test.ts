import { expect, test } from 'vitest'
import { loaded } from '../testing/loaded.ts'
import { vectorValue } from '../testing/vector-value.ts'
import file from './protobuf.vectors.json' with { type: 'json' }
import { protobufLanguage } from './protobuf-language.ts'

const protobuf = (schema: string) => loaded('PROTOBUF', schema)
const write = (schema: string, value: unknown, message?: string) =>
  Buffer.from(protobufLanguage(message).createWriter(protobuf(schema))(value))
const read = (bytes: Buffer, schema: string, { message, reader }: { message?: string; reader?: string } = {}) =>
  protobufLanguage(message).createReader(protobuf(schema), reader === undefined ? undefined : protobuf(reader))(
    bytes,
    0,
  )

test.each(file.vectors)('confluent-kafka for Python writes the same bytes, and means the same: $name', (vector) => {
  const value = vectorValue(vector.value)
  const bytes = Buffer.from(vector.hex, 'hex')
  expect(write(file.schema, value, vector.message).toString('hex')).toBe(vector.hex)
  expect(read(bytes, file.schema)).toStrictEqual(value)
  expect(read(bytes, file.schema, { message: vector.message })).toStrictEqual(value)
})

test('Readers of one schema take any message of it, one after the other', () => {
  const reader = protobufLanguage(undefined).createReader(protobuf(file.schema), undefined)
  const names = ['nothing', 'first message', 'nested message', 'first message']
  const vectors = names.map((name) => file.vectors.find((each) => each.name === name)!)
  const values = vectors.map(({ hex }) => reader(Buffer.from(hex, 'hex'), 0))
  expect(values).toEqual(vectors.map(({ value }) => vectorValue(value)))
})

test('Bytes share no memory, and objects are plain', () => {
  const schema = 'syntax = "proto3"; message A { bytes b = 1; A a = 2; map<string, A> m = 3; }'
  const bytes = write(schema, { b: new Uint8Array([1]), a: {}, m: { k: {} } })
  const value = read(bytes, schema) as { b: Uint8Array; a: object; m: { k: object } }
  bytes.fill(9)
  expect(value).toStrictEqual({
    b: new Uint8Array([1]),
    a: { b: new Uint8Array(), m: {} },
    m: { k: { b: new Uint8Array(), m: {} } },
  })
  for (const each of [value, value.a, value.m, value.m.k]) expect(Object.getPrototypeOf(each)).toBe(Object.prototype)
})

test('Messages are read as another schema has them, by name', () => {
  const old = 'syntax = "proto3"; package p; message Other {} message A { int32 id = 1; string gone = 2; }'
  const now = 'syntax = "proto3"; package p; message A { int64 id = 1; optional string more = 3; }'
  const bytes = write(old, { id: 5, gone: 'x' }, 'p.A')
  expect(read(bytes, old, { reader: now })).toEqual({ id: 5 })
  const renamed = now.replace('package p', 'package q')
  expect(read(bytes, old, { reader: renamed, message: 'q.A' })).toEqual({ id: 5 })
  expect(() => read(bytes, old, { reader: renamed })).toThrow(
    'it is a message "p.A", which the format\'s schema has not',
  )
  expect(() => read(bytes, old, { message: 'p.Other' })).toThrow(
    'it is a message "p.A", and the format reads "p.Other"',
  )
})

test("Imports are references, Google's well-known files, or Confluent's", () => {
  const schema = `syntax = "proto3"; package p;
import "line.proto"; import "google/protobuf/wrappers.proto"; import "confluent/type/decimal.proto"; import "confluent/meta.proto";
message Order { Line line = 1 [(confluent.field_meta).doc = "x"]; google.protobuf.Int64Value count = 2; confluent.type.Decimal price = 3; }`
  const line = 'syntax = "proto3"; package p; message Line { string sku = 1; }'
  const language = protobufLanguage(undefined)
  const withLine = { ...protobuf(schema), dependencies: [{ name: 'line.proto', schema: line }] }
  const value = {
    line: { sku: 'x' },
    count: { value: 4 },
    price: { value: new Uint8Array([5]), precision: 3, scale: 0 },
  }
  const bytes = Buffer.from(language.createWriter(withLine)(value))
  expect(bytes[0]).toBe(0) // The first message of its own file, whatever comes from others of the package.
  expect(language.createReader(withLine, undefined)(bytes, 0)).toEqual(value)
  expect(() => language.createWriter(protobuf(schema))).toThrow(
    'it imports "line.proto", which is not among its references',
  )
})

test('proto2 tells what was not written, and asks for what is required', () => {
  const schema = 'syntax = "proto2"; message A { required int32 id = 1; optional int32 n = 2 [default = 7]; }'
  expect(read(write(schema, { id: 0, n: 0 }), schema)).toEqual({ id: 0, n: 0 })
  expect(read(write(schema, { id: 1 }), schema)).toEqual({ id: 1 })
  expect(() => write(schema, { n: 1 })).toThrow('id: it is required')
})

test('Numbers of enums that nobody here has a name for stay numbers', () => {
  const old = 'syntax = "proto3"; enum E { A = 0; } message M { E e = 1; repeated E more = 2; }'
  const now = old.replace('A = 0;', 'A = 0; B = 1;')
  expect(read(write(now, { e: 'B', more: ['A', 'B'] }), old)).toEqual({ e: 1, more: ['A', 1] })
  expect(read(write(old, { e: 1 }), now)).toEqual({ e: 'B', more: [] })
})

test('Map keys of every kind come back', () => {
  const kinds = ['int32', 'uint64', 'sint64', 'sfixed64', 'bool', 'string', 'fixed32']
  const schema = `syntax = "proto3"; message A { ${kinds.map((kind, i) => `map<${kind}, int32> ${kind} = ${i + 1};`).join(' ')} }`
  const value = {
    int32: { '-7': 1, '8': 2 },
    uint64: { '18446744073709551615': 1, '5': 2 },
    sint64: { '-9223372036854775808': 1 },
    sfixed64: { '-1': 1 },
    bool: { true: 1, false: 2 },
    string: { '': 1, a: 0 },
    fixed32: { '4294967295': 1 },
  }
  expect(read(write(schema, value), schema)).toEqual(value)
})

test.each([
  [{ id: 'x' }, 'id: "x" is no int32'],
  [{ id: 2 ** 31 }, 'id: 2147483648 is no int32'],
  [{ big: 2n ** 64n }, 'big: 18446744073709551616n is no uint64'],
  [{ big: -1 }, 'big: -1 is no uint64'],
  [{ lines: { sku: 'x' } }, 'lines: { sku: '],
  [{ lines: [{ sku: 'x' }, { sku: 1 }] }, 'lines.1.sku: 1 is no string'],
  [{ counts: { a: 'x' } }, 'counts.a: "x" is no int64'],
  [{ names: { a: 'x' } }, 'names: "a" is no int64'],
  [{ typo: 1 }, 'typo: Order has no field of that name'],
  [{ card: 'x', invoice: {} }, 'invoice: "card" is there as well, and "payment" has one'],
  [{ state: 'LOST' }, 'state: "LOST" is no State'],
  [{ raw: 'text' }, 'raw: "text" is no bytes'],
  [5, '5 is no object'],
])('What does not fit a message is told: %o', (value, reason) => {
  const schema = file.schema.replace('int64 id = 1;', 'int32 id = 1;')
  const attempt = () => write(schema, value, 'shop.Order')
  expect(attempt).toThrow(`Cannot write a record: it does not fit the Protobuf message "shop.Order": ${reason}`)
  expect(attempt).toThrow(expect.objectContaining({ code: 'SCHEMA_MISMATCH' }))
})

test.each([
  ['', 'the indexes of its message have no end'],
  ['80', 'the indexes of its message have no end'],
  ['01', 'its message has -1 indexes'],
  ['ffffffff0f', 'its message has'],
  ['0208', 'there is no message [4]'],
  ['04020a', 'there is no message [1, 5]'],
  ['000aff', 'index out of range'],
])('Damaged bytes %s are no message: %s', (hex, reason) => {
  expect(() => read(Buffer.from(hex, 'hex'), file.schema)).toThrow(reason)
})

test('What is no .proto file, or has no such message, is told', () => {
  const language = protobufLanguage('p.Missing')
  expect(() => language.createWriter(protobuf('message {'))).toThrow('Cannot understand a Protobuf schema')
  expect(() => language.createWriter(protobuf('syntax = "proto3"; message A { Unknown u = 1; }'))).toThrow('Unknown')
  expect(() => language.createWriter(protobuf(file.schema))).toThrow('Cannot write messages "p.Missing"')
  expect(() => protobufLanguage(undefined).createWriter(protobuf('syntax = "proto3";'))).toThrow('the schema has none')
  expect(language.recordName(protobuf(file.schema))).toBe('p.Missing')
  expect(protobufLanguage(undefined).recordName(protobuf(file.schema))).toBe('shop.Customer')
})
