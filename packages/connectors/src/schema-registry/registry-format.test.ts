import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import { SimulatedClock } from '@millrace/runtime/testing'
import { expect, expectTypeOf, test } from 'vitest'
import { FormatNotReady } from '../kafka/formats/format-not-ready.ts'
import { avroFormat } from './avro-format.ts'
import { jsonSchemaFormat } from './json-schema-format.ts'
import { protobufFormat } from './protobuf-format.ts'
import { SchemaRegistryError } from './schema-registry-error.ts'
import { FakeRegistry } from './testing/fake-registry.ts'
import { formatContext, read, valuesOf, whenReady, written } from './testing/prepared.ts'

const user = (...fields: readonly (readonly [name: string, type: unknown, initial?: unknown])[]) => ({
  type: 'record',
  name: 'User',
  namespace: 'com.acme',
  fields: fields.map(([name, type, initial]) => ({
    name,
    type,
    ...(initial === undefined ? {} : { default: initial }),
  })),
})
const userV1 = user(['id', 'int'])
const userV2 = user(['id', 'long'], ['name', 'string', 'nobody'])
const errorWith = (code: string, facts: object = {}) =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) })

test('Bytes are those that other clients write', async () => {
  await using registry = await FakeRegistry.start({ firstId: 0x01020304 })
  // By confluent-kafka 2.16.0 for Python, but for the id of the schema.
  const avro = avroFormat({
    registry: registry.url,
    schema: {
      type: 'record',
      name: 'R',
      fields: [
        { name: 'id', type: 'long' },
        { name: 'name', type: 'string' },
      ],
    },
  })
  expect((await written(avro, { id: 7, name: 'Ann' })).toString('hex')).toBe('00010203040e06416e6e')
  const json = jsonSchemaFormat({
    registry: registry.url,
    schema: { title: 'R', type: 'object', properties: { id: { type: 'integer' } } },
  })
  expect((await written(json, { id: 7 }, valuesOf('u'))).toString('hex')).toBe('00010203057b226964223a377d')
  const protobuf = protobufFormat({
    registry: registry.url,
    schema: 'syntax = "proto3"; message A {} message C { string name = 1; }',
    message: 'C',
  })
  expect((await written(protobuf, { name: 'Ann' }, valuesOf('v'))).toString('hex')).toBe('000102030602020a03416e6e')
})

test('A schema is asked for once by its id, whatever number of records comes', async () => {
  await using registry = await FakeRegistry.start()
  const writer = avroFormat<{ id: number }>({ registry: registry.url, schema: userV1 })
  const bytes = await written(writer, { id: 5 })
  const reader = avroFormat<{ id: number }>({ registry: registry.url })
  expect(() => reader.deserialize(bytes)).toThrow(FormatNotReady)
  for (let i = 0; i < 3; i++) expect(await read(reader, bytes)).toEqual({ id: 5 })
  for (let i = 0; i < 3; i++) expect(await written(writer, { id: 5 })).toEqual(bytes)
  expect(registry.requests).toEqual(['POST /subjects/t-value/versions', 'GET /schemas/ids/1'])
})

test('Records of several writers are read as the one schema of the reader', async () => {
  await using registry = await FakeRegistry.start()
  const first = await written(avroFormat({ registry: registry.url, schema: userV1 }), { id: 1 })
  const second = await written(avroFormat({ registry: registry.url, schema: userV2 }), { id: 2 ** 40, name: 'Ann' })
  const reader = avroFormat({ registry: registry.url, schema: userV2 })
  const values = []
  for (const bytes of [first, second, first]) values.push(await read(reader, bytes))
  expect(values).toEqual([
    { id: 1, name: 'nobody' },
    { id: 2 ** 40, name: 'Ann' },
    { id: 1, name: 'nobody' },
  ])
})

test('No more schemas are kept than are allowed', async () => {
  await using registry = await FakeRegistry.start()
  const bytes = []
  for (const name of ['a', 'b', 'c']) {
    bytes.push(await written(avroFormat({ registry: registry.url, schema: user([name, 'int']) }), { [name]: 1 }))
  }
  registry.requests.length = 0
  const reader = avroFormat({ registry: { url: registry.url, schemasMax: 2 } })
  for (const each of [0, 1, 1, 0, 2, 1, 0]) await read(reader, bytes[each]!)
  const asked = registry.requests.map((request) => request.replace('GET /schemas/ids/', ''))
  expect(asked).toEqual(['1', '2', '3', '1'])
})

test.each([
  [{}, 't-value', 't-key'],
  [{ subjectNameStrategy: 'topic-name' as const }, 't-value', 't-key'],
  [{ subjectNameStrategy: 'record-name' as const }, 'com.acme.User', 'com.acme.User'],
  [{ subjectNameStrategy: 'topic-record-name' as const }, 't-com.acme.User', 't-com.acme.User'],
  [{ subject: 'one for all' }, 'one for all', 'one for all'],
  [{ subject: (part: { topic: string; isKey: boolean }) => `${part.topic}/${part.isKey}` }, 't/false', 't/true'],
])('Subjects by %j', async (options, ofValues, ofKeys) => {
  await using registry = await FakeRegistry.start()
  const format = avroFormat({ registry: registry.url, schema: userV1, ...options })
  await written(format, { id: 1 })
  await written(format, { id: 1 }, { topic: 't', isKey: true })
  expect(registry.requests.map((request) => decodeURIComponent(request))).toEqual(
    [ofValues, ofKeys].map((subject) => `POST /subjects/${subject}/versions`),
  )
})

test('Subjects are named after titles of JSON Schemas and names of messages', async () => {
  await using registry = await FakeRegistry.start()
  const options = { registry: registry.url, subjectNameStrategy: 'record-name' } as const
  await written(jsonSchemaFormat({ ...options, schema: { title: 'Order' } }), {})
  const schema = 'syntax = "proto3"; package shop; message A {} message B {}'
  await written(protobufFormat({ ...options, schema }), {})
  await written(protobufFormat({ ...options, schema, message: 'shop.B' }), {})
  expect(registry.requests).toEqual(
    ['Order', 'shop.A', 'shop.B'].map((subject) => `POST /subjects/${subject}/versions`),
  )
})

test('Each topic has its subject, and each format its records in turn', async () => {
  await using registry = await FakeRegistry.start()
  const format = avroFormat({ registry: registry.url, schema: userV1 })
  registry.register('other-value', { schema: JSON.stringify(userV2) })
  const ids = []
  for (const topic of ['t', 'other', 't', 'u'])
    ids.push((await written(format, { id: 1 }, valuesOf(topic))).readInt32BE(1))
  expect(ids).toEqual([2, 2, 2, 2])
  expect(registry.requests).toEqual(['t', 'other', 'u'].map((topic) => `POST /subjects/${topic}-value/versions`))
})

test('Only a schema that is registered is written by, if that is wanted', async () => {
  await using registry = await FakeRegistry.start()
  const format = avroFormat({ registry: registry.url, schema: userV1, registration: 'existing' })
  await expect(written(format, { id: 1 })).rejects.toThrow(
    `Cannot find a schema under subject "t-value": ${registry.url} answers: Subject 't-value' not found. ` +
      'Check the URL of the registry and the name of the subject, or register the schema.',
  )
  registry.register('t-value', { schema: JSON.stringify(userV2) })
  await expect(written(format, { id: 1 })).rejects.toThrow(
    errorWith('SCHEMA_NOT_FOUND', { subject: 't-value', status: 404, errorCode: 40403, url: registry.url }),
  )
  const id = registry.register('t-value', { schema: JSON.stringify(userV1) })
  expect((await written(format, { id: 1 })).readInt32BE(1)).toBe(id)
})

test('The latest schema of the subject is written by, with or without one of our own', async () => {
  await using registry = await FakeRegistry.start()
  registry.register('t-value', { schema: JSON.stringify(userV1) })
  registry.register('t-value', { schema: JSON.stringify(userV2) })
  for (const options of [{}, { schema: userV1, registration: 'latest' as const }]) {
    const format = avroFormat({ registry: registry.url, ...options })
    const bytes = await written(format, { id: 1, name: 'Ann' })
    expect(bytes.readInt32BE(1)).toBe(2)
    expect(await read(avroFormat({ registry: registry.url }), bytes)).toEqual({ id: 1, name: 'Ann' })
  }
})

test('References are sent, and fetched with what they refer to themselves', async () => {
  await using registry = await FakeRegistry.start()
  const sku = { type: 'enum', name: 'Sku', symbols: ['X', 'Y'] }
  const line = { type: 'record', name: 'Line', fields: [{ name: 'sku', type: 'Sku' }] }
  const order = { type: 'record', name: 'Order', fields: [{ name: 'lines', type: { type: 'array', items: 'Line' } }] }
  registry.register('sku', { schema: JSON.stringify(sku) })
  const toSku = { name: 'Sku', subject: 'sku', version: 1 }
  registry.register('line', { schema: JSON.stringify(line), references: [toSku] })
  const references = [{ name: 'Line', subject: 'line', version: 1 }]
  const format = avroFormat({ registry: registry.url, schema: order, references })
  const value = { lines: [{ sku: 'Y' }] }
  const bytes = await written(format, value)
  expect(registry.schemas('t-value')).toEqual([{ schema: JSON.stringify(order), schemaType: 'AVRO', references }])
  expect(await read(avroFormat({ registry: registry.url }), bytes)).toEqual(value)
  expect(await read(format, bytes)).toEqual(value)
  const missing = avroFormat({ registry: registry.url, schema: order, references: [{ ...references[0]!, version: 2 }] })
  await expect(written(missing, value)).rejects.toThrow(errorWith('SCHEMA_NOT_FOUND', { subject: 'line', version: 2 }))
})

test.each([
  ['JSON', (url: string, schema: string) => jsonSchemaFormat({ registry: url, schema, references: jsonReferences })],
  ['PROTOBUF', (url: string, schema: string) => protobufFormat({ registry: url, schema, references: protoReferences })],
] as const)('References of %s work as well', async (schemaType, formatOf) => {
  await using registry = await FakeRegistry.start()
  const isJson = schemaType === 'JSON'
  registry.register('line', {
    schemaType,
    schema: isJson ? '{"type":"object"}' : 'syntax = "proto3"; message Line { string sku = 1; }',
  })
  const schema = isJson
    ? '{"properties":{"line":{"$ref":"line.json"}}}'
    : 'syntax = "proto3"; import "line.proto"; message Order { Line line = 1; }'
  const bytes = await written(formatOf(registry.url, schema), { line: { sku: 'X' } })
  const reader = isJson ? jsonSchemaFormat({ registry: registry.url }) : protobufFormat({ registry: registry.url })
  expect(await read(reader, bytes)).toEqual({ line: { sku: 'X' } })
})
const jsonReferences = [{ name: 'line.json', subject: 'line', version: 1 }]
const protoReferences = [{ name: 'line.proto', subject: 'line', version: 1 }]

test('A schema that the rule of its subject forbids is not written by', async () => {
  await using registry = await FakeRegistry.start()
  registry.compatibility = () => 'READER_FIELD_MISSING_DEFAULT_VALUE: name'
  const failure = written(avroFormat({ registry: registry.url, schema: userV1 }), { id: 1 })
  await expect(failure).rejects.toThrow(errorWith('SCHEMA_INCOMPATIBLE', { subject: 't-value', status: 409 }))
  await expect(failure).rejects.toThrow(/READER_FIELD_MISSING_DEFAULT_VALUE: name\. Change the schema/)
  await expect(failure).rejects.toMatchObject({ isLasting: true })
})

test('Schemas of deleted subjects are read, and not written by', async () => {
  await using registry = await FakeRegistry.start()
  const bytes = await written(avroFormat({ registry: registry.url, schema: userV1 }), { id: 1 })
  registry.delete('t-value')
  expect(await read(avroFormat({ registry: registry.url }), bytes)).toEqual({ id: 1 })
  await expect(written(avroFormat({ registry: registry.url }), { id: 1 })).rejects.toThrow(
    errorWith('SCHEMA_DELETED', { subject: 't-value', errorCode: 40404 }),
  )
  registry.delete('t-value', { permanently: true })
  await expect(read(avroFormat({ registry: registry.url }), bytes)).rejects.toThrow(
    errorWith('SCHEMA_NOT_FOUND', { id: 1, errorCode: 40403 }),
  )
})

test('A schema that is not there makes poison records; later it is asked for again', async () => {
  await using registry = await FakeRegistry.start()
  const clock = new SimulatedClock()
  const reader = avroFormat({ registry: registry.url })
  const bytes = Buffer.from([0, 0, 0, 0, 1, 10])
  const attempt = () => whenReady(() => reader.deserialize(bytes), formatContext({ clock }))
  for (let i = 0; i < 3; i++) await expect(attempt()).rejects.toThrow('Cannot fetch schema 1:')
  expect(registry.requests).toEqual(['GET /schemas/ids/1'])
  registry.register('t-value', { schema: JSON.stringify(userV1) })
  clock.advanceTo(59_999)
  await expect(attempt()).rejects.toThrow('Cannot fetch schema 1:')
  clock.advanceTo(60_000)
  expect(await attempt()).toEqual({ id: 5 })
})

test.each([
  ['', 'NOT_FRAMED', 'it has 0 bytes, and the header alone has 5'],
  ['00000001', 'NOT_FRAMED', 'it has 4 bytes'],
  ['7b2269643a', 'NOT_FRAMED', 'its first byte is 123, not 0'],
  ['0000000001', 'DECODING_FAILED', 'its bytes are not what its schema 1 says: they end too early'],
  ['00000000010a0a', 'DECODING_FAILED', '1 bytes are left behind the record'],
  ['00000000020a', 'SCHEMA_TYPE_MISMATCH', 'it is of type JSON, and the format reads and writes AVRO'],
  ['00000000030a', 'SCHEMA_INCOMPATIBLE', 'cannot be read as those of the format'],
  ['00000000040a', 'SCHEMA_INVALID', 'Cannot understand an Avro schema'],
  ['00000000090a', 'SCHEMA_NOT_FOUND', 'Schema 9 not found'],
])('The bytes %s are a poison record: %s, %s', async (hex, code, reason) => {
  await using registry = await FakeRegistry.start()
  registry.register('t', { schema: JSON.stringify(userV1) })
  registry.register('u', { schema: '{}', schemaType: 'JSON' })
  registry.register('v', { schema: JSON.stringify(user(['id', 'string'])) })
  registry.register('w', { schema: '"nonsense"' })
  const reader = avroFormat({ registry: registry.url, schema: userV1 })
  const failure: unknown = await read(reader, Buffer.from(hex, 'hex')).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SchemaRegistryError)
  expect(failure).toMatchObject({ code, message: expect.stringContaining(reason) })
})

test('A registry that cannot be asked fails the job, not the record', async () => {
  await using registry = await FakeRegistry.start()
  const bytes = await written(avroFormat({ registry: registry.url, schema: userV1 }), { id: 1 })
  const reader = avroFormat({ registry: { url: registry.url, retryTimeoutMs: 1 } })
  const prepare = async () => {
    try {
      return reader.deserialize(bytes)
    } catch (error) {
      return (error as FormatNotReady).prepare(formatContext())
    }
  }
  registry.failures.push(500)
  await expect(prepare()).rejects.toThrow(errorWith('REGISTRY_UNREACHABLE'))
  registry.authorization = 'Bearer x'
  await expect(prepare()).rejects.toThrow(errorWith('REGISTRY_UNAUTHORIZED', { status: 401 }))
  registry.authorization = undefined
  await prepare()
  expect(reader.deserialize(bytes)).toEqual({ id: 1 })
})

test('A Standard Schema makes the record, and gives it its type', async () => {
  await using registry = await FakeRegistry.start()
  const recordSchema: StandardSchemaV1<unknown, { readonly id: bigint }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const { id } = value as { readonly id: number }
        return id > 0 ? { value: { id: BigInt(id) } } : { issues: [{ message: 'too small', path: ['id'] }] }
      },
    },
  }
  const writer = avroFormat({ registry: registry.url, schema: userV1 })
  const reader = avroFormat({ registry: registry.url, recordSchema })
  expectTypeOf(reader.deserialize).returns.toEqualTypeOf<{ readonly id: bigint } | undefined>()
  expect(await read(reader, await written(writer, { id: 5 }))).toEqual({ id: 5n })
  const wrong = await written(writer, { id: -5 })
  await expect(read(reader, wrong)).rejects.toThrow('it does not fit the schema: id: too small')
})

test('Options that make no sense are refused when the format is made', () => {
  const registry = 'http://localhost:8081'
  const refused = (make: () => unknown, reason: string) => expect(make).toThrow(reason)
  refused(() => avroFormat({ registry: '' }), 'url: at least one is needed')
  refused(
    () => avroFormat({ registry: 'ftp://me:secret@host' }),
    '"ftp://host" is no URL as "http://localhost:8081" is',
  )
  refused(
    () => avroFormat({ registry: { url: registry, retryTimeoutMs: -1 } }),
    'retryTimeoutMs: -1 is no positive number',
  )
  refused(() => avroFormat({ registry, registration: 'register' }), 'registration "register" needs a schema')
  refused(() => avroFormat({ registry, subjectNameStrategy: 'record-name' }), '"record-name" needs a schema')
  refused(() => avroFormat({ registry, schema: 'no such type' }), 'Cannot understand an Avro schema')
  expect(avroFormat({ registry, schema: 'string' })).toBeDefined()
  expect(avroFormat({ registry, schema: '{"type":"int"}' })).toBeDefined()
})

test('A subject that depends on the topic needs to know it', async () => {
  const format = avroFormat<string>({ registry: 'http://localhost:1', schema: 'string' })
  await expect(whenReady(() => format.serialize('x'))).rejects.toThrow('its subject depends on its topic')
  await using registry = await FakeRegistry.start()
  const named = avroFormat<string>({ registry: registry.url, schema: 'string', subject: 's' })
  expect(Buffer.from(await whenReady(() => named.serialize('x'))).toString('hex')).toBe('00000000010278')
})
