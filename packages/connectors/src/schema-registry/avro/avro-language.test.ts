import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loaded } from '../testing/loaded.ts'
import { vectorValue } from '../testing/vector-value.ts'
import file from './avro.vectors.json' with { type: 'json' }
import { avroLanguage } from './avro-language.ts'

const avro = (schema: unknown) => loaded('AVRO', schema)
const write = (schema: unknown, value: unknown) => Buffer.from(avroLanguage.createWriter(avro(schema))(value))
const read = (bytes: Buffer, writer: unknown, reader?: unknown) =>
  avroLanguage.createReader(avro(writer), reader === undefined ? undefined : avro(reader))(bytes, 0)
const record = (...fields: unknown[]) => ({ type: 'record', name: 'R', fields })

interface Vector {
  readonly name: string
  readonly schema: unknown
  readonly hex: string
  readonly shortest?: string
  readonly value: unknown
  readonly reader?: unknown
  readonly read?: unknown
}

test.each(file.vectors as readonly Vector[])('fastavro writes the same bytes and reads the same: $name', (vector) => {
  const value = vectorValue(vector.value)
  const bytes = Buffer.from(vector.hex, 'hex')
  expect(write(vector.schema, value).toString('hex')).toBe(vector.shortest ?? vector.hex)
  expect(read(bytes, vector.schema)).toStrictEqual(value)
  if (vector.reader === undefined) return
  expect(read(bytes, vector.schema, vector.reader)).toStrictEqual(vectorValue(vector.read))
})

test('Any long comes back, as a number if that is exact', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const safe = Number.isSafeInteger(Number(value)) ? Number(value) : value
      expect(read(write('long', value), 'long')).toBe(safe)
      expect(read(write('long', safe), 'long')).toBe(safe)
    }),
  )
})

test('Any decimal comes back digit for digit', () => {
  const schema = { type: 'bytes', logicalType: 'decimal', precision: 40, scale: 5 }
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 40n) + 1n, max: 10n ** 40n - 1n }), (unscaled) => {
      const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(6, '0')
      const text = `${unscaled < 0n ? '-' : ''}${digits.slice(0, -5)}.${digits.slice(-5)}`
      expect(read(write(schema, text), schema)).toBe(text)
    }),
  )
})

test('Records, maps, and branches of unions are plain objects, whose bytes share no memory', () => {
  const schema = record(
    {
      name: 'choice',
      type: [
        { type: 'record', name: 'A', fields: [] },
        { type: 'map', values: 'int' },
      ],
    },
    { name: 'bytes', type: 'bytes' },
  )
  const bytes = write(schema, { choice: { map: { ['__proto__']: 1 } }, bytes: new Uint8Array([7]) })
  const value = read(bytes, schema) as { choice: { map: object }; bytes: Uint8Array }
  bytes.fill(0)
  const map = Object.defineProperty({}, '__proto__', { value: 1, enumerable: true, configurable: true, writable: true })
  expect(value).toStrictEqual({ choice: { map }, bytes: new Uint8Array([7]) })
  for (const each of [value, value.choice, value.choice.map]) expect(Object.getPrototypeOf(each)).toBe(Object.prototype)
  expect(Object.getPrototypeOf(value.bytes)).toBe(Uint8Array.prototype)
})

test('Defaults of all types fill in what a writer had not', () => {
  const reader = record(
    { name: 'long', type: 'long', default: 5 },
    { name: 'bytes', type: 'bytes', default: 'ÿ' },
    { name: 'decimal', type: { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 1 }, default: '\u0002' },
    { name: 'fixed', type: { type: 'fixed', name: 'F', size: 2 }, default: '\u0001\u0002' },
    { name: 'list', type: { type: 'array', items: 'int' }, default: [1] },
    { name: 'map', type: { type: 'map', values: 'long' }, default: { a: 1 } },
    { name: 'inner', type: { type: 'record', name: 'I', fields: [{ name: 'x', type: 'int' }] }, default: { x: 3 } },
    { name: 'maybe', type: ['null', 'string'], default: null },
  )
  expect(read(Buffer.alloc(0), record(), reader)).toStrictEqual({
    long: 5,
    bytes: new Uint8Array([255]),
    decimal: '0.2',
    fixed: new Uint8Array([1, 2]),
    list: [1],
    map: { a: 1 },
    inner: { x: 3 },
    maybe: null,
  })
})

test('Schemas that refer to others know them by name', () => {
  const schema = { ...avro(record({ name: 'line', type: 'com.acme.Line' })) }
  const line = { type: 'record', name: 'Line', namespace: 'com.acme', fields: [{ name: 'sku', type: 'com.acme.Sku' }] }
  const sku = { type: 'enum', name: 'Sku', namespace: 'com.acme', symbols: ['X', 'Y'] }
  const dependencies = [
    { name: 'com.acme.Sku', schema: JSON.stringify(sku) },
    { name: 'com.acme.Line', schema: JSON.stringify(line) },
  ]
  const bytes = Buffer.from(avroLanguage.createWriter({ ...schema, dependencies })({ line: { sku: 'Y' } }))
  expect(bytes).toEqual(Buffer.from([2]))
  expect(avroLanguage.createReader({ ...schema, dependencies }, undefined)(bytes, 0)).toEqual({ line: { sku: 'Y' } })
  expect(() => avroLanguage.createWriter(schema)).toThrow('undefined type name: com.acme.Line')
})

test('Large records are written whole', () => {
  const schema = record({ name: 'text', type: 'string' })
  const writer = avroLanguage.createWriter(avro(schema))
  for (const length of [10, 5_000, 2_000_000, 1_500, 2_000_000, 3]) {
    const value = { text: 'x'.repeat(length) }
    expect(read(Buffer.from(writer(value)), schema)).toEqual(value)
  }
})

const money = { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 2 }

test.each([
  ['long', 1.5, '1.5 is no long'],
  ['long', 2n ** 63n, '9223372036854775808n is no long'],
  ['int', 2 ** 31, '2147483648 is no int'],
  ['string', undefined, 'undefined is no string'],
  ['bytes', 'text', '"text" is no bytes'],
  [money, '1.234', '"1.234" is no decimal'],
  [money, '123.45', '"123.45" is no decimal'],
  [money, '1e2', '"1e2" is no decimal'],
  [{ type: 'fixed', name: 'F', size: 1, logicalType: 'decimal', precision: 4 }, '128', '"128" is no decimal'],
  [
    record({
      name: 'lines',
      type: { type: 'array', items: { type: 'record', name: 'L', fields: [{ name: 'n', type: 'int' }] } },
    }),
    { lines: [{ n: 1 }, { n: 'x' }] },
    'lines.1.n: "x" is no int',
  ],
  [record({ name: 'v', type: ['null', 'int', 'double'] }), { v: 1 }, 'v: 1 is no wrapped'],
  [{ type: 'enum', name: 'E', symbols: ['A'] }, 'B', '"B" is no enum'],
])('What does not fit the schema %o is told: %o', (schema, value, reason) => {
  expect(() => write(schema, value)).toThrow(`Cannot write a record: it does not fit its Avro schema: ${reason}`)
  expect(() => write(schema, value)).toThrow(expect.objectContaining({ code: 'SCHEMA_MISMATCH' }))
})

test.each([
  ['string', Buffer.from([20, 65]), 'they end too early'],
  ['int', Buffer.from([2, 0]), '1 bytes are left behind the record'],
  [['null', 'int'], Buffer.from([6]), 'invalid union index: 3'],
  [
    { type: 'array', items: 'int' },
    Buffer.from('80808080808040', 'hex'),
    'a block of 140737488355328 items, where 0 bytes are left',
  ],
  [
    { type: 'array', items: 'null' },
    Buffer.from('8080808001', 'hex'),
    'a block of 134217728 items, where 0 bytes are left',
  ],
  [{ type: 'map', values: 'int' }, Buffer.from('feffffff0f', 'hex'), 'a block of 2147483647 items'],
  ['long', Buffer.from('ffffffffffffffffffffff01', 'hex'), 'a long of more than 10 bytes'],
])('Damaged bytes of %j are no record, and take no memory', (schema, bytes, reason) => {
  expect(() => read(bytes, schema)).toThrow(reason)
})

test.each([
  ['string', 'int', 'cannot read "string" as "int"'],
  [record(), record({ name: 'a', type: 'int' }), 'no matching field for default-less R.a'],
  [{ type: 'enum', name: 'E', symbols: ['A', 'B'] }, { type: 'enum', name: 'E', symbols: ['A'] }, 'cannot read'],
  [{ type: 'fixed', name: 'F', size: 2 }, { type: 'fixed', name: 'F', size: 3 }, 'cannot read'],
  [['null', 'string'], 'string', 'cannot read "null" as "string"'],
  ['bytes', money, undefined],
  [money, 'bytes', undefined],
])('Records of the schema %j as those of %j', (writer, reader, reason) => {
  const createReader = () => avroLanguage.createReader(avro(writer), avro(reader))
  if (reason === undefined) return expect(createReader).not.toThrow()
  expect(createReader).toThrow(reason)
  expect(createReader).toThrow(expect.objectContaining({ code: 'SCHEMA_INCOMPATIBLE' }))
})

test('Bytes are read as decimals and decimals as bytes', () => {
  expect(read(write('bytes', new Uint8Array([0, 200])), 'bytes', money)).toBe('2.00')
  expect(read(write(money, '2.00'), money, 'bytes')).toEqual(new Uint8Array([0, 200]))
})

test.each([
  ['{', 'SCHEMA_INVALID'],
  ['"strin"', 'SCHEMA_INVALID'],
  ['{"type":"record","name":"R","fields":[{"name":"a"}]}', 'SCHEMA_INVALID'],
  ['[["null"]]', 'SCHEMA_INVALID'],
])('%s is no schema', (schema, code) => {
  expect(() => avroLanguage.createWriter({ ...avro('int'), schema })).toThrow(expect.objectContaining({ code }))
})

test('Subjects are named after records, which other types are not', () => {
  expect(avroLanguage.recordName(avro({ ...record(), namespace: 'com.acme' }))).toBe('com.acme.R')
  expect(() => avroLanguage.recordName(avro('string'))).toThrow('its Avro schema has no name')
})
