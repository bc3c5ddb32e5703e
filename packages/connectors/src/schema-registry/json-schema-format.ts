import type { KafkaFormat } from '../kafka/formats/format.ts'
import { jsonSchemaLanguage } from './json/json-schema-language.ts'
import { RegistryFormat } from './registry-format.ts'
import type { RegistryFormatOptions } from './registry-format-options.ts'

/** What `jsonSchemaFormat` can be told. */
export interface JsonSchemaFormatOptions<T> extends RegistryFormatOptions<T> {
  /** Writing: what records must fit. Reading: the same; without it, the schema they were written by. As JSON text, or as the object. */
  readonly schema?: string | object
  /** Whether records are checked when they are read and written. Default true. */
  readonly checksRecords?: boolean
}

/**
 * JSON with a JSON Schema (draft 06, 07, 2019-09 or 2020-12) in a schema registry. What does not fit is a poison record where it is
 * read, and fails the job where it is written.
 *
 * @throws SchemaRegistryError as `avroFormat` does.
 *
 * @example
 * const orders = jsonSchemaFormat<{ id: number }>({
 *   registry: { url: ['http://registry-1:8081', 'http://registry-2:8081'] },
 *   schema: { title: 'Order', type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
 *   registration: 'existing', // Schemas are registered by someone else.
 * })
 * const source = new KafkaSource({ bootstrapServers: 'localhost:9092', topics: 'orders', valueOnlyDeserializer: orders })
 * source.boundedness // -> 'continuous-unbounded'
 * jsonSchemaFormat({ registry: 'localhost:8081' }) // throws SchemaRegistryError: "localhost:8081" is no URL
 */
export function jsonSchemaFormat<T = unknown>(options: JsonSchemaFormatOptions<T>): KafkaFormat<T> {
  const { schema } = options
  const text = schema === undefined || typeof schema === 'string' ? schema : JSON.stringify(schema)
  return new RegistryFormat<T>(jsonSchemaLanguage(options.checksRecords ?? true), text, options)
}
