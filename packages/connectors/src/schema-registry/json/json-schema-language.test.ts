import { expect, test } from 'vitest'
import { loaded } from '../testing/loaded.ts'
import { jsonSchemaLanguage } from './json-schema-language.ts'

const order = {
  title: 'Order',
  type: 'object',
  properties: { id: { type: 'integer' }, at: { type: 'string', format: 'date-time' } },
  required: ['id'],
  additionalProperties: false,
}
const language = jsonSchemaLanguage(true)
const read = (text: string, writer: unknown, reader?: unknown) =>
  language.createReader(loaded('JSON', writer), reader === undefined ? undefined : loaded('JSON', reader))(
    Buffer.from(`.....${text}`),
    5,
  )
const write = (schema: unknown, value: unknown) =>
  Buffer.from(language.createWriter(loaded('JSON', schema))(value)).toString()

test('What fits is JSON text, both ways', () => {
  expect(write(order, { id: 7, at: new Date(0) })).toBe('{"id":7,"at":"1970-01-01T00:00:00.000Z"}')
  expect(read('{"id":7}', order)).toEqual({ id: 7 })
})

test.each([
  [{}, "must have required property 'id'"],
  [{ id: 'x' }, 'id: must be integer'],
  [{ id: 1, more: 2 }, 'must NOT have additional properties ("more")'],
  [{ id: 1, at: 'noon' }, 'at: must match format "date-time"'],
  [undefined, 'must be object'],
])('What does not fit is told, read and written: %j', (value, reason) => {
  expect(() => write(order, value)).toThrow(`Cannot write a record: it does not fit its JSON Schema: ${reason}`)
  if (value === undefined) return
  const attempt = () => read(JSON.stringify(value), order)
  expect(attempt).toThrow(`it does not fit its JSON Schema: ${reason}`)
  expect(attempt).toThrow(expect.objectContaining({ code: 'SCHEMA_MISMATCH', facts: { issues: [reason] } }))
})

test("The reader's schema goes before the writer's", () => {
  expect(read('{"id":"x"}', order, { type: 'object' })).toEqual({ id: 'x' })
  expect(() => read('{"id":7}', order, { required: ['name'] })).toThrow("must have required property 'name'")
})

test('Records need not be checked', () => {
  const unchecked = jsonSchemaLanguage(false)
  expect(unchecked.createReader(loaded('JSON', order), undefined)(Buffer.from('{}'), 0)).toEqual({})
  expect(Buffer.from(unchecked.createWriter(loaded('JSON', order))({})).toString()).toBe('{}')
})

test.each([
  ['http://json-schema.org/draft-07/schema#', { definitions: { n: { type: 'number' } }, $ref: '#/definitions/n' }],
  ['https://json-schema.org/draft/2019-09/schema', { $defs: { n: { type: 'number' } }, $ref: '#/$defs/n' }],
  ['https://json-schema.org/draft/2020-12/schema', { prefixItems: [{ type: 'number' }] }],
])('%s is understood', (dialect, schema) => {
  const good = 'prefixItems' in schema ? '[1]' : '1'
  const bad = 'prefixItems' in schema ? '["x"]' : '"x"'
  expect(read(good, { $schema: dialect, ...schema })).toEqual(JSON.parse(good))
  expect(() => read(bad, { $schema: dialect, ...schema })).toThrow('must be number')
})

test.each([
  ['line.json', undefined, 'line.json'],
  ['line.json', 'https://acme.com/schemas/order.json', 'line.json'],
  ['https://acme.com/schemas/line.json', 'https://acme.com/schemas/order.json', 'line.json'],
])('A reference "%s" of a schema at %s is found as "%s"', (name, $id, $ref) => {
  const schema = loaded('JSON', { ...($id === undefined ? {} : { $id }), properties: { line: { $ref } } })
  const dependencies = [{ name, schema: '{"type":"integer"}' }]
  const reader = language.createReader({ ...schema, dependencies }, undefined)
  expect(reader(Buffer.from('{"line":1}'), 0)).toEqual({ line: 1 })
  expect(() => reader(Buffer.from('{"line":"x"}'), 0)).toThrow('line: must be integer')
  expect(() => language.createReader(schema, undefined)).toThrow('Cannot understand a JSON Schema')
})

test('Text that is no JSON, and schemas that are none, are told', () => {
  expect(() => read('{', order)).toThrow('JSON')
  expect(() => read('{}', { type: 'thing' })).toThrow('Cannot understand a JSON Schema')
  expect(language.recordName(loaded('JSON', order))).toBe('Order')
  expect(() => language.recordName(loaded('JSON', {}))).toThrow('its JSON Schema has no title')
})
