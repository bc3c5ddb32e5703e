import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { messageOf } from '../../kafka/message-of.ts'
import type { LoadedSchema } from '../client/schema-definition.ts'
import { SchemaRegistryError } from '../schema-registry-error.ts'

/** What is wrong with a value. */
export type JsonSchemaValidator = (value: unknown) => readonly string[]

// Schemas of others have keywords of others, and dialects that are not at hand to be checked themselves.
const options: Options = { strict: false, validateSchema: false, logger: false, allErrors: false }

/** @throws SchemaRegistryError `SCHEMA_INVALID` */
export function jsonSchemaValidator({ schema, dependencies }: LoadedSchema): JsonSchemaValidator {
  try {
    const own = JSON.parse(schema) as { readonly $schema?: unknown; readonly $id?: unknown } | boolean
    const ajv = dialect(typeof own === 'boolean' ? undefined : own.$schema)
    formats.default(ajv)
    const base = typeof own === 'object' && typeof own.$id === 'string' ? own.$id : undefined
    for (const dependency of dependencies) {
      const parsed = JSON.parse(dependency.schema) as object
      // A `$ref` may name it as it is, or from where the schema says that it stands.
      const names = new Set([dependency.name, URL.parse(dependency.name, base)?.href ?? dependency.name])
      for (const name of names) ajv.addSchema(parsed, name)
    }
    const validate = ajv.compile(own as AnySchema)
    return (value) => issuesOf(validate, value)
  } catch (error) {
    throw new SchemaRegistryError(
      'SCHEMA_INVALID',
      `Cannot understand a JSON Schema: ${messageOf(error)}. It is ${schema.length <= 200 ? schema : `${schema.slice(0, 200)}...`}`,
      {},
      { cause: error },
    )
  }
}

function dialect(uri: unknown): Ajv {
  const text = typeof uri === 'string' ? uri : ''
  if (text.includes('2020-12')) return new Ajv2020(options)
  if (text.includes('2019-09')) return new Ajv2019(options)
  return new Ajv(options)
}

function issuesOf(validate: ValidateFunction, value: unknown): readonly string[] {
  return validate(value) ? [] : (validate.errors ?? []).map(describeIssue)
}

function describeIssue({ instancePath, message = 'it does not fit', params, keyword }: ErrorObject): string {
  const where = instancePath === '' ? '' : `${instancePath.slice(1).replaceAll('/', '.')}: `
  const { additionalProperty } = params as { readonly additionalProperty?: unknown }
  const which = keyword === 'additionalProperties' ? ` ("${additionalProperty}")` : ''
  return `${where}${message}${which}`
}
