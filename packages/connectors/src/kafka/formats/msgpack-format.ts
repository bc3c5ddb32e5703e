import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import { Packr } from 'msgpackr'
import type { KafkaFormat } from './format.ts'
import { validate } from './validate.ts'

/** Numbers, and bigints only where they are needed. The package's types have forgotten this choice. */
const auto = 'auto' as 'number'

/**
 * MessagePack, plain: any language reads it. Maps become objects; integers beyond 2^53 become bigints. A schema is used as in
 * `jsonFormat`.
 *
 * @example
 * const format = msgpackFormat<{ id: number }>()
 * format.deserialize(Buffer.from(format.serialize({ id: 7 }))) // -> { id: 7 }
 */
export function msgpackFormat<T = unknown>(schema?: StandardSchemaV1<unknown, T>): KafkaFormat<T> {
  // Records are an extension of the package. Bytes within a value would else share the fetched memory.
  const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: auto, copyBuffers: true })
  return {
    deserialize: (bytes) => validate(schema, packr.unpack(bytes)),
    // The packer reuses its memory at some time: what it answers belongs to it.
    serialize: (value) => new Uint8Array(packr.pack(value)),
  }
}
