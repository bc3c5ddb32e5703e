import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import { KafkaError } from '../driver/kafka-error.ts'

/** The code of the one failure that is no fault of a record. */
export const asyncSchemaCode = 'ASYNC_SCHEMA'

/**
 * What `schema` makes of `value`, which `part` names in errors. Throws what does not fit. Without a schema a value is taken at
 * its word.
 */
export function validate<T>(schema: StandardSchemaV1<unknown, T> | undefined, value: unknown, part = 'it'): T {
  if (schema === undefined) return value as T
  const { vendor, validate } = schema['~standard']
  const result = validate(value)
  if (result instanceof Promise) {
    throw new KafkaError(
      asyncSchemaCode,
      `Cannot check records: the schema (${vendor}) validates asynchronously. Use a schema without asynchronous checks here.`,
      { vendor },
      { isLasting: true },
    )
  }
  if (result.issues === undefined) return result.value
  const issues = result.issues.map(describeIssue)
  throw new KafkaError('SCHEMA_MISMATCH', `${part} does not fit the schema: ${issues.join('; ')}`, { issues })
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
