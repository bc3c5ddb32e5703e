import type { KafkaFormat } from '../kafka/formats/format.ts'
import { protobufLanguage } from './protobuf/protobuf-language.ts'
import { RegistryFormat } from './registry-format.ts'
import type { RegistryFormatOptions } from './registry-format-options.ts'

/** What `protobufFormat` can be told. */
export interface ProtobufFormatOptions<T> extends RegistryFormatOptions<T> {
  /** A .proto file. Writing: what is written by. Reading: what records are read as; without it, they are as they were written. */
  readonly schema?: string
  /** The full name of the message. Writing: default the first of the file. Reading: others are poison; default any. */
  readonly message?: string
}

/**
 * Protobuf, with a schema registry. Records are plain objects with Protobuf's JSON names (`customerId`). 64-bit integers that no
 * number holds exactly are bigints; bytes are Uint8Arrays; enums are names; what was not written is the default, and absent where
 * the field is `optional`, a message, or one of several. Google's well-known types are messages as all others.
 *
 * @throws SchemaRegistryError as `avroFormat` does.
 *
 * @example
 * interface Order { readonly id: number; readonly customerId: string }
 * const orders = protobufFormat<Order>({
 *   registry: 'http://localhost:8081',
 *   schema: 'syntax = "proto3"; package shop; message Order { int64 id = 1; string customer_id = 2; }',
 *   subjectNameStrategy: 'record-name', // Registered as "shop.Order".
 * })
 * const source = new KafkaSource({ bootstrapServers: 'localhost:9092', topics: 'orders', valueOnlyDeserializer: orders })
 * source.boundedness // -> 'continuous-unbounded'
 * protobufFormat({ registry: 'http://localhost:8081', schema: 'message {' }) // throws SchemaRegistryError: Cannot understand
 */
export function protobufFormat<T = Readonly<Record<string, unknown>>>(
  options: ProtobufFormatOptions<T>,
): KafkaFormat<T> {
  return new RegistryFormat<T>(protobufLanguage(options.message), options.schema, options)
}
