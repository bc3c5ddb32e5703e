import type { LoadedSchema, SchemaType } from './client/schema-definition.ts'

/** Reads what follows `offset`. Keeps no part of `bytes`. Whatever it throws is a fault of the bytes. */
export type PayloadReader = (bytes: Buffer, offset: number) => unknown

/** Throws `SCHEMA_MISMATCH` where a value does not fit. What it answers may change with the next call. */
export type PayloadWriter = (value: unknown) => Uint8Array

/** One of the three ways to say what records are like. Faults of schemas are thrown as `SchemaRegistryError`s. */
export interface SchemaLanguage {
  readonly schemaType: SchemaType
  /** Of records that `writer` describes; as `reader` has them, if one is given. */
  createReader(writer: LoadedSchema, reader: LoadedSchema | undefined): PayloadReader
  createWriter(schema: LoadedSchema): PayloadWriter
  /** What a record is called in subjects. */
  recordName(schema: LoadedSchema): string
}
