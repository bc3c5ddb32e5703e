import type { StandardSchemaV1 } from '@millrace/runtime/connector'
import { CsvRecords } from './csv-records.ts'
import type { FileFormat } from './file-format.ts'
import { MalformedRecords, type OnMalformed } from './malformed-records.ts'

/** How CSV is read. */
export interface CsvFormatOptions<T> {
  readonly delimiter: string
  readonly quote: string
  readonly comment: string | undefined
  readonly trim: boolean
  /** The names of the fields, `true` to take them from the first line of each file, `false` for arrays of fields. */
  readonly header: boolean | readonly string[]
  readonly noMultilineFields: boolean
  readonly recordBytesMax: number
  readonly onMalformed: OnMalformed
  readonly schema: StandardSchemaV1<unknown, T> | undefined
}

/** Comma-separated values after RFC 4180, parsed by csv-parse. */
export function csvFormat<T>(options: CsvFormatOptions<T>): FileFormat<T> {
  return {
    isSplittable: options.noMultilineFields,
    needsHeader: options.header === true,
    createRecords: (split, metrics) =>
      new CsvRecords(split, options, new MalformedRecords(options.onMalformed, metrics)),
  }
}
