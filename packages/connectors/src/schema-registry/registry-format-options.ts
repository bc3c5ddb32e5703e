import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import type { RecordPart } from '../kafka/formats/record-part.ts'
import type { SchemaReference } from './client/schema-definition.ts'
import type { SchemaRegistryOptions } from './schema-registry-options.ts'
import type { SubjectNameStrategy } from './subject-name.ts'

/** What all formats with a schema registry can be told, beside their schema. */
export interface RegistryFormatOptions<T> {
  /** Its URL, or all about it. */
  readonly registry: string | SchemaRegistryOptions
  /** What `schema` refers to. It is fetched from the registry. */
  readonly references?: readonly SchemaReference[]
  /** Writing: under which subject. Default: as `subjectNameStrategy` says. */
  readonly subject?: string | ((part: RecordPart) => string)
  /** Default `topic-name`. */
  readonly subjectNameStrategy?: SubjectNameStrategy
  /** Default `register` where there is a `schema`, else `latest`. */
  readonly registration?: SchemaRegistration
  /** Of any library (zod, valibot, arktype, ...): makes the record from what was read, and says what type it has. */
  readonly recordSchema?: StandardSchemaV1<unknown, T>
}

/**
 * What is done before the first record of a topic is written.
 *
 * - `register`: the schema is registered, unless it is already.
 * - `existing`: the schema must be registered under the subject.
 * - `latest`: records are written by the newest schema of the subject, as it is then.
 */
export type SchemaRegistration = 'register' | 'existing' | 'latest'
