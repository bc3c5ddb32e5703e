import { ConnectorError } from '@millrace/runtime/connector'

/**
 * What can go wrong with schemas and their registry. Codes are stable.
 *
 * - `REGISTRY_UNREACHABLE`: no URL answered with anything but failures of its own until the time for retries had passed.
 * - `REGISTRY_UNAUTHORIZED`: the registry refuses the user, or what they ask for.
 * - `REGISTRY_REFUSED`: any other refusal; the facts have its status and error code.
 * - `SCHEMA_NOT_FOUND`: there is no such id, subject or version, or the schema is not registered under that subject.
 * - `SCHEMA_DELETED`: the subject or version was deleted.
 * - `SCHEMA_INCOMPATIBLE`: the subject's compatibility rule forbids the schema; or records written by one schema cannot be read by another.
 * - `SCHEMA_INVALID`: a schema cannot be understood, by the registry or here.
 * - `SCHEMA_TYPE_MISMATCH`: the schema is of another type (Avro, JSON Schema, Protobuf) than the format.
 * - `NOT_FRAMED`: the bytes do not begin as those of a schema registry do.
 * - `DECODING_FAILED`: the bytes are not what their schema says.
 * - `SCHEMA_MISMATCH`: a record does not fit the schema that it is to be written by, or that it was written by.
 * - `INVALID_OPTION`: an option makes no sense.
 */
export type SchemaRegistryErrorCode =
  | 'REGISTRY_UNREACHABLE'
  | 'REGISTRY_UNAUTHORIZED'
  | 'REGISTRY_REFUSED'
  | 'SCHEMA_NOT_FOUND'
  | 'SCHEMA_DELETED'
  | 'SCHEMA_INCOMPATIBLE'
  | 'SCHEMA_INVALID'
  | 'SCHEMA_TYPE_MISMATCH'
  | 'NOT_FRAMED'
  | 'DECODING_FAILED'
  | 'SCHEMA_MISMATCH'
  | 'INVALID_OPTION'

/**
 * The one error of the formats with a schema registry. Its facts name url, subject, version and id as far as they are known.
 *
 * @example
 * const error = new SchemaRegistryError('SCHEMA_NOT_FOUND', 'Cannot read a record: there is no schema 7', { id: 7 })
 * error.code // -> 'SCHEMA_NOT_FOUND'
 * error.facts // -> { id: 7 }
 */
export class SchemaRegistryError extends ConnectorError<SchemaRegistryErrorCode> {}
