import type { LoadedSchema } from '../client/schema-definition.ts'
import type { SchemaLanguage } from '../schema-language.ts'
import { SchemaRegistryError } from '../schema-registry-error.ts'
import { jsonSchemaValidator } from './json-schema-validator.ts'

/** JSON text, checked by the package ajv, unless `isChecked` says that it is not. */
export function jsonSchemaLanguage(isChecked: boolean): SchemaLanguage {
  return {
    schemaType: 'JSON',

    createReader(writer, reader) {
      const validate = isChecked ? jsonSchemaValidator(reader ?? writer) : undefined
      return (bytes, offset) => {
        const value: unknown = JSON.parse(bytes.toString('utf8', offset))
        const issues = validate?.(value) ?? []
        if (issues.length === 0) return value
        throw new SchemaRegistryError('SCHEMA_MISMATCH', `it does not fit its JSON Schema: ${issues.join('; ')}`, {
          issues,
        })
      }
    },

    createWriter(schema) {
      const validate = isChecked ? jsonSchemaValidator(schema) : undefined
      return (value) => {
        const text = JSON.stringify(value) ?? 'null'
        // What is written is what counts: a Date is text by then, and what JSON has no word for is gone.
        const issues = validate?.(JSON.parse(text)) ?? []
        if (issues.length === 0) return Buffer.from(text)
        throw new SchemaRegistryError(
          'SCHEMA_MISMATCH',
          `Cannot write a record: it does not fit its JSON Schema: ${issues.join('; ')}`,
          { issues },
        )
      }
    },

    recordName(schema: LoadedSchema): string {
      const { title } = JSON.parse(schema.schema) as { readonly title?: unknown }
      if (typeof title === 'string') return title
      throw new SchemaRegistryError(
        'INVALID_OPTION',
        'Cannot name a subject after a record: its JSON Schema has no title. Give it one, or use the strategy "topic-name".',
        { option: 'subjectNameStrategy' },
        { isLasting: true },
      )
    },
  }
}
