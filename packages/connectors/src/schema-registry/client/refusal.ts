import { SchemaRegistryError, type SchemaRegistryErrorCode } from '../schema-registry-error.ts'
import type { RegistryAnswer } from './registry-connection.ts'

/** By the registry's `error_code`, else by the status. A mere 404 says that there is no registry at that address. */
const codes: Readonly<Record<number, SchemaRegistryErrorCode>> = {
  401: 'REGISTRY_UNAUTHORIZED',
  403: 'REGISTRY_UNAUTHORIZED',
  409: 'SCHEMA_INCOMPATIBLE',
  422: 'SCHEMA_INVALID',
  40401: 'SCHEMA_NOT_FOUND',
  40402: 'SCHEMA_NOT_FOUND',
  40403: 'SCHEMA_NOT_FOUND',
  40404: 'SCHEMA_DELETED',
  40405: 'SCHEMA_DELETED',
  40406: 'SCHEMA_DELETED',
  40407: 'SCHEMA_DELETED',
  42201: 'SCHEMA_INVALID',
}

const remedies: Readonly<Partial<Record<SchemaRegistryErrorCode, string>>> = {
  REGISTRY_UNAUTHORIZED: "Check the registry's `auth`, and what that user may do.",
  REGISTRY_REFUSED: 'Check that the URL is that of a schema registry.',
  SCHEMA_NOT_FOUND: 'Check the URL of the registry and the name of the subject, or register the schema.',
  SCHEMA_DELETED: 'Register it again.',
  SCHEMA_INCOMPATIBLE: "Change the schema so that it is compatible with earlier ones, or the subject's rule.",
  SCHEMA_INVALID: 'Mend the schema, or its references.',
}

/** What an answer that is no success means. */
export function refusal(
  { status, body, url }: RegistryAnswer,
  what: string,
  facts: Readonly<Record<string, unknown>>,
): SchemaRegistryError {
  const { error_code: errorCode, message } = (body ?? {}) as {
    readonly error_code?: unknown
    readonly message?: unknown
  }
  const code = codes[Number(errorCode)] ?? codes[status] ?? 'REGISTRY_REFUSED'
  // A refusal without a body that a registry would send may come from anything that answers at that address.
  const reason = typeof message === 'string' ? message : `status ${status}`
  const remedy = remedies[code]
  return new SchemaRegistryError(
    code,
    `Cannot ${what}: ${url} answers: ${reason.replace(/\.$/, '')}.${remedy === undefined ? '' : ` ${remedy}`}`,
    { url, ...facts, status, ...(typeof errorCode === 'number' ? { errorCode } : {}) },
    { isLasting: true },
  )
}
