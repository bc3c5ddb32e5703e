import type { LoadedSchema, SchemaType } from '../client/schema-definition.ts'

/** A schema that refers to nothing. */
export function loaded(schemaType: SchemaType, schema: unknown): LoadedSchema {
  const text = typeof schema === 'string' && schemaType !== 'AVRO' ? schema : JSON.stringify(schema)
  return { schemaType, schema: text, references: [], dependencies: [] }
}
