import type { KafkaFormat } from '../kafka/formats/format.ts'
import { avroLanguage } from './avro/avro-language.ts'
import { RegistryFormat } from './registry-format.ts'
import type { RegistryFormatOptions } from './registry-format-options.ts'

/** What `avroFormat` can be told. */
export interface AvroFormatOptions<T> extends RegistryFormatOptions<T> {
  /**
   * Writing: what is written by. Reading: what records are read as, whatever schema they were written by, by Avro's rules of
   * resolution; without it, they are as they were written. As JSON text, or as the object that it says.
   */
  readonly schema?: string | object
}

/**
 * Avro, with a schema registry. Records are plain objects. Longs that no number holds exactly are bigints; `bytes` and `fixed` are
 * Uint8Arrays; `decimal` is text (`"12.30"`), and nothing is rounded; dates, times and timestamps are the numbers that Avro has, in
 * the unit that the schema names; enums are their symbols. A value of a union stands for itself where it tells its branch (`null` or
 * a record), else it is `{ [branch]: value }`. A schema that reads a union must take all its branches, as the registry's rules of
 * compatibility ask.
 *
 * @throws SchemaRegistryError `INVALID_OPTION`, `SCHEMA_INVALID` at once; when the job writes `REGISTRY_UNREACHABLE`,
 * `SCHEMA_INCOMPATIBLE`, `SCHEMA_MISMATCH` and others. What is wrong with a record that is read makes it a poison record.
 *
 * @example
 * interface Order { readonly id: number; readonly customer: string; readonly amount: string }
 * const orders = avroFormat<Order>({
 *   registry: { url: 'http://localhost:8081', auth: { username: 'orders', password: 'secret' } },
 *   schema: {
 *     type: 'record',
 *     name: 'Order',
 *     fields: [
 *       { name: 'id', type: 'long' },
 *       { name: 'customer', type: 'string', default: 'unknown' },
 *       { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
 *     ],
 *   },
 * })
 * const source = new KafkaSource({ bootstrapServers: 'localhost:9092', topics: 'orders', valueOnlyDeserializer: orders })
 * source.boundedness // -> 'continuous-unbounded'
 * // The first record asks for its schema, and waits for it.
 * orders.deserialize(Buffer.from([0, 0, 0, 0, 7, 2])) // throws FormatNotReady: schema 7
 * orders.deserialize(Buffer.from('{"id":1}')) // throws SchemaRegistryError: its first byte is 123, not 0
 */
export function avroFormat<T = Readonly<Record<string, unknown>>>(options: AvroFormatOptions<T>): KafkaFormat<T> {
  return new RegistryFormat<T>(avroLanguage, schemaText(options.schema), options)
}

function schemaText(schema: string | object | undefined): string | undefined {
  if (schema === undefined) return undefined
  // The name of a primitive type is no JSON text.
  const isName = typeof schema === 'string' && /^\s*\w+\s*$/.test(schema)
  return typeof schema === 'string' && !isName ? schema : JSON.stringify(isName ? schema.trim() : schema)
}
