import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import type { FileFormat } from './file-format.ts'
import { LineRecords } from './line-records.ts'
import { MalformedRecords, type OnMalformed, SKIPPED } from './malformed-records.ts'

/** How JSON lines are read. */
export interface JsonLineFormatOptions<T> {
  readonly lineBytesMax: number
  readonly onMalformed: OnMalformed
  readonly schema: StandardSchemaV1<unknown, T> | undefined
}

/** Every line is a JSON value, blank lines excepted. */
export function jsonLineFormat<T>({ lineBytesMax, onMalformed, schema }: JsonLineFormatOptions<T>): FileFormat<T> {
  return {
    isSplittable: true,
    needsHeader: false,
    createRecords: (split, metrics) => {
      const malformed = new MalformedRecords(onMalformed, metrics)
      const decoder = (line: string, describePlace: () => string): T | typeof SKIPPED => {
        let value: unknown
        try {
          value = JSON.parse(line)
        } catch (cause) {
          if (line.trim() === '') return SKIPPED
          return malformed.report(describePlace, line, 'it is not JSON', cause)
        }
        return malformed.validate(schema, value, describePlace)
      }
      return new LineRecords<T>(split, { lineBytesMax, decoder })
    },
  }
}
