/** As registries name them. */
export type SchemaType = 'AVRO' | 'JSON' | 'PROTOBUF'

/**
 * Another registered schema that this one uses: by `name` it speaks of it, which is the full name of an Avro type, the URI of
 * a JSON Schema's `$ref`, the path of a Protobuf import.
 */
export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

/** What is sent to the registry, and comes from there. */
export interface SchemaDefinition {
  readonly schemaType: SchemaType
  readonly schema: string
  readonly references: readonly SchemaReference[]
}

/** A schema with all that it refers to. */
export interface LoadedSchema extends SchemaDefinition {
  /** Whatever it refers to, and what those do: each once, before those that need it. */
  readonly dependencies: readonly SchemaDependency[]
}

export interface SchemaDependency {
  /** As in the reference. */
  readonly name: string
  readonly schema: string
}
