import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Committer,
  ConnectorError,
  type Sink,
  type SinkWriter,
  type SinkWriterContext,
} from '@millrace/runtime/connector'
import { checkedInteger, systemCode, unwritable } from './file-errors.ts'
import { FileSinkCommitter } from './file-sink-committer.ts'
import { FileSinkWriter } from './file-sink-writer.ts'
import { InProgressFile } from './in-progress-file.ts'
import { inProgressFileLost, type PartFile, sizeOf } from './part-file.ts'

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
    /** So many milliseconds after its first record, or after a restore; never by default. */
    readonly rolloverIntervalMs?: number
    /**
     * At every checkpoint and savepoint; true by default, so that records can be seen as soon as the checkpoint is complete.
     * With false a file goes on over checkpoints until it has its bytes or its age: fewer and larger files.
     */
    readonly atCheckpoints?: boolean
  }
  /** Begins the name of every part file; `part` by default. */
  readonly prefix?: string
  /** Ends the name of every part file, e.g. `.txt`; empty by default. */
  readonly suffix?: string
}

/** Makes a writer, which goes on with the files of a snapshot if it is given any. */
type WriterFactory<T> = (context: SinkWriterContext, parts: readonly PartFile[]) => Promise<SinkWriter<T>>

/**
 * Writes records as lines of text files.
 *
 * A file being written has a name that begins with `.` and ends in `.inprogress`; it gets its own name when it is
 * finished, so that whoever looks for files finds finished ones only.
 *
 * If the job takes checkpoints, finished files hold each record exactly once, whatever fails in between. A file that ends is
 * pending, durable under its hidden name, until the checkpoint that holds it is complete; then it is finished by a rename. So
 * files appear with checkpoints, and at the end of the input. A file that goes on over a checkpoint is cut, after a restore, to
 * the length that the snapshot knows. What else an attempt leaves behind that failed stays hidden, and is never read: hidden
 * files that are older than the oldest snapshot that you may restore can be deleted. Whoever goes back to a snapshot and has
 * finished files from after it must move those away, since their records are written once more.
 *
 * Without checkpoints a file is finished as soon as it ends. When such a job fails or is canceled, the part files that were
 * not finished stay as they are, under their hidden names. Savepoints keep what was written up to them.
 *
 * @throws ConnectorError `FILE_UNWRITABLE`, when the job starts if that is possible; `INVALID_OPTION`; after a restore
 * `IN_PROGRESS_FILE_LOST` and `PENDING_FILE_LOST` if files that the snapshot refers to are gone.
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
  readonly #createWriter: WriterFactory<T>

  private constructor(createWriter: WriterFactory<T>, parallelismMax: number | undefined) {
    this.#createWriter = createWriter
    if (parallelismMax !== undefined) this.parallelismMax = parallelismMax
  }

  /**
   * Every subtask writes rolling part files `<prefix>-<subtask>-<unique id>-<count><suffix>` into `directory`, which is
   * made if it is missing. The unique id differs in every attempt of every run, so files that are there are never touched.
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
    return new FileSink(async (context, parts) => {
      const path = pathOf(directory)
      await makeWritable(path)
      // Another one in every attempt: names never collide, and no counter has to be kept.
      const uniqueId = randomUUID()
      let count = 0
      const openFile = () => {
        const name = `${prefix}-${context.taskInfo.index}-${uniqueId}-${count++}${suffix}`
        return InProgressFile.create(join(path, name), join(path, `.${name}.inprogress`))
      }
      const settings = {
        encode,
        openFile,
        directory: path,
        maxBytes,
        rolloverIntervalMs,
        rollsAtCheckpoints: rolling.atCheckpoints ?? true,
        keepsUnfinished: !context.checkpointingEnabled,
      }
      return new FileSinkWriter(settings, context, await resumedPartFiles(parts, context))
    }, undefined)
  }

  /**
   * One subtask writes one file. It replaces what is at `path`, at the end of input and not before; after a restore the file
   * goes on where the snapshot left it. A pipe or a device is written directly, and nothing is kept of it: what a failed
   * attempt wrote there is written again. The file is made also if there are no records. If the job fails or is canceled, what
   * was written goes away, unless a snapshot refers to it.
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
    return new FileSink(async (context, parts) => {
      const [part] = parts
      const file = part === undefined ? await beginSingleFile(pathOf(path)) : await resumeSingleFile(part)
      const openFile = () => {
        throw new ConnectorError('FILE_UNWRITABLE', `Cannot write to "${pathOf(path)}" after the end of input`)
      }
      const settings = {
        encode,
        openFile,
        directory: dirname(file.path),
        maxBytes: Number.POSITIVE_INFINITY,
        rolloverIntervalMs: Number.POSITIVE_INFINITY,
        rollsAtCheckpoints: false,
        keepsUnfinished: false,
      }
      return new FileSinkWriter(settings, context, [file])
    }, 1)
  }

  createWriter(context: SinkWriterContext): Promise<SinkWriter<T>> {
    return this.#createWriter(context, [])
  }

  restoreWriter(context: SinkWriterContext, states: readonly unknown[]): Promise<SinkWriter<T>> {
    // Of the writers' own making: a snapshot answers each operator what it gave.
    return this.#createWriter(context, states as readonly PartFile[])
  }

  createCommitter(): Committer {
    return new FileSinkCommitter()
  }
}

/** The part files of a snapshot, cut to what it knows of them. */
async function resumedPartFiles(parts: readonly PartFile[], { logger }: SinkWriterContext): Promise<InProgressFile[]> {
  const files: InProgressFile[] = []
  for (const part of parts) {
    if ((await sizeOf(part.temporaryPath)) !== undefined) {
      files.push(InProgressFile.resume(part))
      continue
    }
    const finishedBytes = await sizeOf(part.path)
    if (finishedBytes === undefined || finishedBytes < part.bytes) throw inProgressFileLost(part, 'it is gone')
    // Nothing is lost: the job went on after this snapshot, and finished the file. Its records from after the snapshot are
    // there as well, as in all files that were finished since.
    logger.warn('A part file that was being written when the snapshot was taken has been finished since', { ...part })
  }
  for (const file of files) await file.opened()
  return files
}

async function resumeSingleFile(part: PartFile): Promise<InProgressFile> {
  if ((await sizeOf(part.temporaryPath)) === undefined) throw inProgressFileLost(part, 'it is gone')
  const file = InProgressFile.resume(part)
  await file.opened()
  return file
}

async function beginSingleFile(path: string): Promise<InProgressFile> {
  await makeWritable(dirname(path))
  const isOther = await isNoRegularFile(path)
  const temporaryPath = isOther ? path : join(dirname(path), `.${basename(path)}.${randomUUID()}.inprogress`)
  const file = InProgressFile.create(path, temporaryPath)
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
