import type {
  Boundedness,
  Source,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
  StandardSchemaV1,
} from '@millrace/runtime/connector'
import { csvFormat } from './csv-format.ts'
import { checkedInteger } from './file-errors.ts'
import type { FileFormat } from './file-format.ts'
import { FileSourceReader } from './file-source-reader.ts'
import type { FileSplit } from './file-split.ts'
import {
  FileSplitEnumerator,
  type FileSplitEnumeratorOptions,
  type FileSplitEnumeratorState,
} from './file-split-enumerator.ts'
import { jsonLineFormat } from './json-line-format.ts'
import type { OnMalformed } from './malformed-records.ts'
import { textLineFormat } from './text-line-format.ts'

/** A file, a directory (read with everything below it), a glob, or several of them. */
export type FilePaths = string | URL | readonly (string | URL)[]

/** What every {@link FileSource} may be told. */
export interface FileSourceOptions {
  /**
   * About how many bytes a split has: large files are cut so that several subtasks read them. By default an eighth of
   * what each subtask has to read, but at least 1 MiB and at most 16 MiB.
   */
  readonly splitBytes?: number
  /** A line, or a CSV record, that is longer fails the job. 16 MiB by default. */
  readonly lineBytesMax?: number
}

/** What a {@link FileSource} of records may be told beside. */
export interface RecordFileSourceOptions extends FileSourceOptions {
  /**
   * What happens to a record that cannot be read, or does not fit the schema: `fail` (by default) fails the job with
   * file, place and record; `skip` leaves the record out and counts it in the counter `malformedRecords`.
   */
  readonly onMalformed?: OnMalformed
}

/** How {@link FileSource.forJsonLines} reads. */
export interface JsonLinesOptions<T> extends RecordFileSourceOptions {
  /** Any Standard Schema (zod, valibot, arktype, ...) without asynchronous checks. Its output becomes the record. */
  readonly schema?: StandardSchemaV1<unknown, T>
}

/** How {@link FileSource.forCsv} reads. */
export interface CsvOptions extends RecordFileSourceOptions {
  /** Between fields; `,` by default. */
  readonly delimiter?: string
  /** Around fields that hold delimiters, quotes or line ends; `"` by default. */
  readonly quote?: string
  /** Lines that begin with this are left out; there are no comments by default. */
  readonly comment?: string
  /** Whether white space around unquoted fields is dropped; false by default. */
  readonly trim?: boolean
  /**
   * Promises that no field holds a line end, so that large files can be cut into splits. False by default: one subtask
   * reads one file.
   */
  readonly noMultilineFields?: boolean
  /** `true` (by default): the first line of each file names the fields. Otherwise their names. */
  readonly header?: true | readonly string[]
}

/**
 * Reads files: text lines, JSON lines or CSV.
 *
 * Paths are resolved, and files found, when the job starts, on the coordinator: what appears later is not read.
 * Relative paths start at the working directory of the program. Files and directories whose names begin with `.` or
 * `_` are left out of directories and globs. A file that several paths name is read once. Text is UTF-8, whatever is
 * not becomes U+FFFD, and a byte order mark at the start is dropped. A file whose name ends with `.gz` is unpacked, by
 * one subtask; other files are cut into byte ranges, so that all subtasks share one large file. Order is kept within a
 * split only; at parallelism 1 records come in the order of files and lines.
 *
 * Snapshots keep which splits were not given out, and of those being read the byte at which the next record begins: after a
 * restore every record comes exactly once, at any parallelism, if the files are as they were. Packed files are unpacked up to
 * that byte again. Nothing is kept of pipes and the like, which cannot be read twice.
 *
 * @throws ConnectorError when the job starts: `FILE_NOT_FOUND`, `NO_FILE_MATCHES`, `FILE_UNREADABLE`,
 * `INVALID_CSV_HEADER`; later: `MALFORMED_RECORD`, `LINE_TOO_LONG`, `GZIP_BROKEN`, `FILE_UNREADABLE`, and `FILE_CHANGED` if a
 * file is gone, or shorter than where reading has to go on.
 *
 * @example
 * const job = defineJob('lines', (env) => {
 *   const lines = FileSource.forTextLines(new URL('./poem.txt', import.meta.url))
 *   env.fromSource(lines, WatermarkStrategy.noWatermarks(), 'Poem').collect('lines')
 * })
 * const result = await runInSimulation(job)
 * result.collected('lines') // -> ['So much depends', 'upon', 'a red wheel barrow']
 */
export class FileSource<T> implements Source<T, FileSplit> {
  readonly boundedness: Boundedness = 'bounded'
  readonly #patterns: readonly (string | URL)[]
  readonly #format: FileFormat<T>
  readonly #splitBytes: number | undefined

  private constructor(paths: FilePaths, format: FileFormat<T>, options: FileSourceOptions) {
    this.#patterns = typeof paths === 'string' || paths instanceof URL ? [paths] : [...paths]
    this.#format = format
    this.#splitBytes =
      options.splitBytes === undefined ? undefined : checkedInteger('splitBytes', options.splitBytes, 1)
  }

  /**
   * Every line is a record, without its line end (LF or CRLF); an empty line is `''`.
   *
   * @example
   * const source = FileSource.forTextLines([new URL('./poem.txt', import.meta.url)])
   * const { records } = await readSource(source, { clock: new SystemClock() })
   * records // -> [['So much depends', 'upon', 'a red wheel barrow']]
   */
  static forTextLines(paths: FilePaths, options: FileSourceOptions = {}): FileSource<string> {
    return new FileSource(paths, textLineFormat(lineBytesMaxOf(options)), options)
  }

  /**
   * Every line is a JSON value; blank lines are left out. Without a schema the values are taken to be of type `T`
   * unchecked.
   *
   * @example
   * const path = new URL('./orders.jsonl', import.meta.url)
   * // Or with a schema: { schema: z.object({ user: z.string(), amount: z.number() }) }
   * const source = FileSource.forJsonLines<{ user: string; amount: number }>(path, { onMalformed: 'skip' })
   * const { records } = await readSource(source, { clock: new SystemClock() })
   * records // -> [[{ user: 'ann', amount: 5 }, { user: 'bob', amount: 7 }]]
   */
  static forJsonLines<T = unknown>(paths: FilePaths, options: JsonLinesOptions<T> = {}): FileSource<T> {
    const format = jsonLineFormat<T>({
      lineBytesMax: lineBytesMaxOf(options),
      onMalformed: options.onMalformed ?? 'fail',
      schema: options.schema,
    })
    return new FileSource(paths, format, options)
  }

  /**
   * Every CSV record is an object of strings, its fields named by the header; with `header: false` it is an array of
   * strings. A schema checks and converts it. A record with more or fewer fields than the header is malformed.
   *
   * @example
   * const people = FileSource.forCsv(new URL('./people.csv', import.meta.url))
   * const { records } = await readSource(people, { clock: new SystemClock() })
   * records // -> [[{ name: 'Ann', age: '41' }, { name: 'Bob', age: '29' }]]
   * // With a schema: FileSource.forCsv(path, { schema: z.object({ name: z.string(), age: z.coerce.number() }) })
   * // Cut into splits: FileSource.forCsv(path, { delimiter: '\t', header: ['x', 'y'], noMultilineFields: true })
   */
  static forCsv<T>(
    paths: FilePaths,
    options: Omit<CsvOptions, 'header'> & {
      header?: boolean | readonly string[]
      schema: StandardSchemaV1<unknown, T>
    },
  ): FileSource<T>
  static forCsv(
    paths: FilePaths,
    options: Omit<CsvOptions, 'header'> & { header: false },
  ): FileSource<readonly string[]>
  static forCsv(paths: FilePaths, options?: CsvOptions): FileSource<Readonly<Record<string, string>>>
  static forCsv<T>(
    paths: FilePaths,
    options: Omit<CsvOptions, 'header'> & {
      header?: boolean | readonly string[]
      schema?: StandardSchemaV1<unknown, T>
    } = {},
  ): FileSource<T> {
    const format = csvFormat<T>({
      delimiter: options.delimiter ?? ',',
      quote: options.quote ?? '"',
      comment: options.comment,
      trim: options.trim ?? false,
      header: options.header ?? true,
      noMultilineFields: options.noMultilineFields ?? false,
      recordBytesMax: lineBytesMaxOf(options),
      onMalformed: options.onMalformed ?? 'fail',
      schema: options.schema,
    })
    return new FileSource(paths, format, options)
  }

  createEnumerator(context: SplitEnumeratorContext<FileSplit>): SplitEnumerator {
    return new FileSplitEnumerator(this.#enumeratorOptions(), context)
  }

  restoreEnumerator(context: SplitEnumeratorContext<FileSplit>, state: unknown): SplitEnumerator {
    // Of this source's own making: a snapshot answers each operator what it gave.
    return new FileSplitEnumerator(this.#enumeratorOptions(), context, state as FileSplitEnumeratorState)
  }

  createReader(context: SourceReaderContext): SourceReader<T, FileSplit> {
    return new FileSourceReader(this.#format, context)
  }

  #enumeratorOptions(): FileSplitEnumeratorOptions {
    const { isSplittable, needsHeader } = this.#format
    return { patterns: this.#patterns, isSplittable, needsHeader, splitBytes: this.#splitBytes }
  }
}

function lineBytesMaxOf({ lineBytesMax = 16 * 1024 * 1024 }: FileSourceOptions): number {
  return checkedInteger('lineBytesMax', lineBytesMax, 1)
}
