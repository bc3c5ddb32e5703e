import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConnectorError, type Sink, type SinkWriter, type SinkWriterContext } from '@millrace/runtime/connector'
import { checkedInteger, systemCode, unwritable } from './file-errors.ts'
import { FileSinkWriter } from './file-sink-writer.ts'
import { InProgressFile } from './in-progress-file.ts'

/** How a {@link FileSink} makes lines of records. */
export interface FileSinkOptions<T> {
  /** The text of a record, without line end. By default strings and numbers are written as they are, others as JSON. */
  readonly encode?: (record: T) => string
  /** After every record; `\n` by default. */
  readonly newline?: string
}

/** How a {@link FileSink} of a directory names and ends its part files. */
export interface RollingFileSinkOptions<T> extends FileSinkOptions<T> {
  /** When a part file is finished, at the latest. At the end of input it always is. */
  readonly rolling?: {
    /** When it has so many bytes; 128 MiB by default. */
    readonly maxBytes?: number
    /** So many milliseconds after its first record; never by default. */
    readonly rolloverIntervalMs?: number
  }
  /** Begins the name of every part file; `part` by default. */
  readonly prefix?: string
  /** Ends the name of every part file, e.g. `.txt`; empty by default. */
  readonly suffix?: string
}

/**
 * Writes records as lines of text files.
 *
 * A file being written has a name that begins with `.` and ends in `.inprogress`; it gets its own name when it is
 * finished, so that whoever looks for files finds finished ones only. When a job fails or is canceled, the files that
 * were not finished stay as they are, under their hidden names.
 *
 * @throws ConnectorError `FILE_UNWRITABLE`, when the job starts if that is possible; `INVALID_OPTION`.
 *
 * @example
 * import { readFileSync } from 'node:fs'
 * const path = new URL('./out/counts.txt', import.meta.url)
 * const job = defineJob('counts', (env) => {
 *   env.fromElements('1 ann', '2 bob').sinkTo(FileSink.forSingleFile(path))
 * })
 * await runInSimulation(job)
 * readFileSync(path, 'utf8') // -> '1 ann\n2 bob\n'
 */
export class FileSink<T> implements Sink<T> {
  readonly parallelismMax?: number
  readonly #createWriter: (context: SinkWriterContext) => Promise<SinkWriter<T>>

  private constructor(
    createWriter: (context: SinkWriterContext) => Promise<SinkWriter<T>>,
    parallelismMax: number | undefined,
  ) {
    this.#createWriter = createWriter
    if (parallelismMax !== undefined) this.parallelismMax = parallelismMax
  }

  /**
   * Every subtask writes rolling part files `<prefix>-<subtask>-<unique id>-<count><suffix>` into `directory`, which is
   * made if it is missing. The unique id differs in every run, so files that are there are never touched.
   *
   * @example
   * import { mkdtempSync, readdirSync } from 'node:fs'
   * import { fileURLToPath } from 'node:url'
   * const directory = mkdtempSync(fileURLToPath(new URL('./orders-', import.meta.url)))
   * const orders = FileSink.forRows<{ id: number }>(directory, { encode: JSON.stringify, suffix: '.jsonl', rolling: { maxBytes: 1e9 } })
   * const job = defineJob('orders', (env) => {
   *   env.fromElements({ id: 1 }, { id: 2 }).sinkTo(orders)
   * })
   * await runInSimulation(job)
   * readdirSync(directory).map((name) => /^part-0-.*-0\.jsonl$/.test(name)) // -> [true]
   */
  static forRows<T>(directory: string | URL, options: RollingFileSinkOptions<T> = {}): FileSink<T> {
    const { prefix = 'part', suffix = '', rolling = {} } = options
    const maxBytes = checkedInteger('rolling.maxBytes', rolling.maxBytes ?? 128 * 1024 * 1024, 1)
    const rolloverIntervalMs =
      rolling.rolloverIntervalMs === undefined
        ? Number.POSITIVE_INFINITY
        : checkedInteger('rolling.rolloverIntervalMs', rolling.rolloverIntervalMs, 1)
    for (const [option, value] of Object.entries({ prefix, suffix })) {
      if (!/[/\\]/.test(value)) continue
      throw new ConnectorError('INVALID_OPTION', `${option} is a part of a file's name, not a path; it is "${value}"`, {
        option,
        value,
      })
    }
    const encode = lineEncoder(options)
    return new FileSink(async (context) => {
      const path = pathOf(directory)
      await makeWritable(path)
      const uniqueId = randomUUID()
      let count = 0
      const openFile = () => {
        const name = `${prefix}-${context.taskInfo.index}-${uniqueId}-${count++}${suffix}`
        return new InProgressFile({
          temporaryPath: join(path, `.${name}.inprogress`),
          path: join(path, name),
          flags: 'wx',
        })
      }
      return new FileSinkWriter({ encode, openFile, maxBytes, rolloverIntervalMs }, context)
    }, undefined)
  }

  /**
   * One subtask writes one file. It replaces what is at `path`, at the end of input and not before. A pipe or a device
   * is written directly. The file is made also if there are no records.
   *
   * @example
   * import { readFileSync } from 'node:fs'
   * const path = new URL('./out/pairs.tsv', import.meta.url)
   * const pairs = FileSink.forSingleFile<readonly [string, number]>(path, { encode: (pair) => pair.join('\t') })
   * const job = defineJob('pairs', (env) => {
   *   env.fromElements<readonly [string, number]>(['ann', 1], ['bob', 2]).sinkTo(pairs)
   * })
   * await runInSimulation(job)
   * readFileSync(path, 'utf8') // -> 'ann\t1\nbob\t2\n'
   */
  static forSingleFile<T>(path: string | URL, options: FileSinkOptions<T> = {}): FileSink<T> {
    const encode = lineEncoder(options)
    return new FileSink(async (context) => {
      const file = await beginSingleFile(pathOf(path))
      const openFile = () => {
        throw new ConnectorError('FILE_UNWRITABLE', `Cannot write to "${pathOf(path)}" after the end of input`)
      }
      const never = Number.POSITIVE_INFINITY
      return new FileSinkWriter({ encode, openFile, maxBytes: never, rolloverIntervalMs: never }, context, file)
    }, 1)
  }

  createWriter(context: SinkWriterContext): Promise<SinkWriter<T>> {
    return this.#createWriter(context)
  }
}

async function beginSingleFile(path: string): Promise<InProgressFile> {
  await makeWritable(dirname(path))
  const isOther = await isNoRegularFile(path)
  const file = new InProgressFile({
    temporaryPath: isOther ? path : join(dirname(path), `.${basename(path)}.inprogress`),
    path,
    flags: 'w',
  })
  await file.opened()
  return file
}

/** Whether there is something at `path` that a file must not take the place of: a device, a pipe, a directory. */
async function isNoRegularFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw unwritable(path, error)
  }
}

async function makeWritable(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true })
    await access(directory, constants.W_OK)
  } catch (error) {
    throw unwritable(directory, error)
  }
}

function pathOf(path: string | URL): string {
  return resolve(typeof path === 'string' ? path : fileURLToPath(path))
}

function lineEncoder<T>({ encode = textOf, newline = '\n' }: FileSinkOptions<T>): (record: T) => string {
  return (record) => encode(record) + newline
}

function textOf(record: unknown): string {
  return typeof record === 'object' && record !== null ? JSON.stringify(record) : String(record)
}
