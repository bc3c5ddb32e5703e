import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import type { KafkaFormat } from './format.ts'
import { validate } from './validate.ts'

/**
 * JSON. With a Standard Schema (zod, valibot, arktype, ...) without asynchronous checks, its output becomes the record, and what
 * does not fit is a poison record; without one the values are taken to be of type `T` unchecked. What is written is not
 * checked: the schema tells what comes in.
 *
 * @example
 * const format = jsonFormat<{ id: number }>() // Or with a schema: jsonFormat(z.object({ id: z.number() }))
 * format.deserialize(Buffer.from('{"id":7}')) // -> { id: 7 }
 * format.serialize({ id: 8 }) // -> '{"id":8}'
 */
export function jsonFormat<T = unknown>(schema?: StandardSchemaV1<unknown, T>): KafkaFormat<T> {
  const deserializeText = (text: string): T => validate(schema, JSON.parse(text))
  return {
    deserialize: (bytes) => deserializeText(bytes.toString()),
    deserializeText,
    serialize: (value) => JSON.stringify(value),
  }
}
