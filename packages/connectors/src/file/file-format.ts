import type { MetricGroup } from '@millrace/runtime/connector'
import type { FileSplit } from './file-split.ts'
import type { SplitRecords } from './split-records.ts'

/** What is in the files, as the reader and the enumerator need to know it. */
export interface FileFormat<T> {
  /** Whether a reader may start in the middle of a file. */
  readonly isSplittable: boolean
  /** Whether every split of a file must see the file's first line. */
  readonly needsHeader: boolean
  createRecords(split: FileSplit, metrics: MetricGroup): SplitRecords<T>
}
