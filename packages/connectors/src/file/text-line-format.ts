import type { FileFormat } from './file-format.ts'
import { LineRecords } from './line-records.ts'

/** Every line is a record. */
export function textLineFormat(lineBytesMax: number): FileFormat<string> {
  return {
    isSplittable: true,
    needsHeader: false,
    createRecords: (split) => new LineRecords<string>(split, { lineBytesMax }),
  }
}
