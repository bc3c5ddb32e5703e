import type { SinkWriter, SinkWriterContext } from '@millrace/runtime/connector'
import type { InProgressFile } from './in-progress-file.ts'
import { type PartFile, syncDirectory } from './part-file.ts'

/** What {@link FileSinkWriter} writes, and when it goes on to another file. */
export interface FileSinkWriterOptions<T> {
  /** Makes a line of a record, its end included. */
  readonly encode: (record: T) => string
  /** Where the files are. */
  readonly directory: string
  /** Begins a new file. */
  readonly openFile: () => InProgressFile
  /** Ends a file that has at least so many bytes; Infinity for never. */
  readonly maxBytes: number
  /** Ends a file so long after its first record; Infinity for never. */
  readonly rolloverIntervalMs: number
  /** Whether a file ends at a checkpoint, or goes on after it. */
  readonly rollsAtCheckpoints: boolean
  /** Whether files that are not ended, and in no snapshot, stay when the writer is closed. */
  readonly keepsUnfinished: boolean
}

/**
 * Writes records into one file after the other.
 *
 * If the job takes checkpoints, a file that ends is pending: the committer finishes it when the checkpoint is complete to
 * which it belongs. Without them a file that ends is finished at once, except that a savepoint makes it pending.
 */
export class FileSinkWriter<T> implements SinkWriter<T> {
  readonly #options: FileSinkWriterOptions<T>
  readonly #context: SinkWriterContext
  #file: InProgressFile | undefined
  #cancelRollover: () => void = () => {}
  /** Ended, or being ended, and not handed to the committer yet. */
  #pending: InProgressFile[] = []
  /** The files being ended, which never reject. */
  readonly #ending = new Set<Promise<void>>()
  #failure: unknown

  /** `begun` are the files that there are already: the first goes on, the others end. */
  constructor(options: FileSinkWriterOptions<T>, context: SinkWriterContext, begun: readonly InProgressFile[] = []) {
    this.#options = options
    this.#context = context
    const [file, ...others] = begun
    if (file !== undefined) this.#goOnWith(file)
    for (const other of others) this.#end(other, this.#endedFilesAre())
  }

  write(record: T): void | Promise<void> {
    this.#throwIfFailed()
    const line = this.#options.encode(record)
    const file = this.#file ?? this.#goOnWith(this.#options.openFile())
    const pushedBack = file.append(line)
    return file.byteCount >= this.#options.maxBytes ? this.#rolled() : pushedBack
  }

  async flush(endOfInput: boolean): Promise<void> {
    if (endOfInput) this.#roll(this.#endedFilesAre())
    await this.#file?.drain()
    await this.#settled()
  }

  async prepareCommit(): Promise<readonly PartFile[]> {
    if (this.#options.rollsAtCheckpoints) this.#roll('pending')
    await this.#settled()
    if (this.#pending.length === 0) return []
    await syncDirectory(this.#options.directory)
    return this.#pending.splice(0).map((file) => file.committable())
  }

  async snapshotState(): Promise<readonly PartFile[]> {
    const file = this.#file
    // Its age may have ended a file since `prepareCommit`: to this snapshot it is one that goes on.
    const ended = [...this.#pending]
    const parts: PartFile[] = []
    if (file !== undefined && !file.isDirect) parts.push(await file.persist())
    if (ended.length > 0) await this.#settled()
    for (const each of ended) parts.push(each.keep())
    if (parts.length > 0) await syncDirectory(this.#options.directory)
    return parts
  }

  async close(): Promise<void> {
    this.#cancelRollover()
    const file = this.#file
    this.#file = undefined
    await file?.abandon()
    await Promise.all(this.#ending)
    if (this.#options.keepsUnfinished) return
    for (const left of [...this.#pending, ...(file === undefined ? [] : [file])]) await left.remove()
  }

  #goOnWith(file: InProgressFile): InProgressFile {
    const { rolloverIntervalMs } = this.#options
    if (rolloverIntervalMs !== Number.POSITIVE_INFINITY) {
      this.#cancelRollover = this.#context.clock.schedule(rolloverIntervalMs, () => this.#roll(this.#endedFilesAre()))
    }
    this.#file = file
    return file
  }

  #endedFilesAre(): 'pending' | 'finished' {
    return this.#context.checkpointingEnabled ? 'pending' : 'finished'
  }

  /** Ends the current file. The next record begins another one, without waiting for it. */
  #roll(becomes: 'pending' | 'finished'): void {
    const file = this.#file
    if (file === undefined) return
    this.#cancelRollover()
    this.#file = undefined
    this.#end(file, becomes)
  }

  #end(file: InProgressFile, becomes: 'pending' | 'finished'): void {
    const isPending = becomes === 'pending' && !file.isDirect
    if (isPending) this.#pending.push(file)
    const ending = (isPending ? file.end() : file.finish()).catch(async (error: unknown) => {
      this.#failure ??= error
      await file.abandon()
    })
    this.#ending.add(ending)
    void ending.then(() => this.#ending.delete(ending))
  }

  /** Waits for the file being ended, so that files do not pile up. */
  #rolled(): Promise<void> {
    this.#roll(this.#endedFilesAre())
    return this.#settled()
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#ending)
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}
