export { FileSink, type FileSinkOptions, type RollingFileSinkOptions } from './file-sink.ts'
export {
  type CsvOptions,
  type FilePaths,
  FileSource,
  type FileSourceOptions,
  type JsonLinesOptions,
  type RecordFileSourceOptions,
} from './file-source.ts'
export type { FileSplit } from './file-split.ts'
export type { OnMalformed } from './malformed-records.ts'
