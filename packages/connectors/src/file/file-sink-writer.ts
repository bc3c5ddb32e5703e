import type { SinkWriter, SinkWriterContext } from '@millrace/runtime/connector'
import type { InProgressFile } from './in-progress-file.ts'

/** What {@link FileSinkWriter} writes, and when it goes on to another file. */
export interface FileSinkWriterOptions<T> {
  /** Makes a line of a record, its end included. */
  readonly encode: (record: T) => string
  /** Begins a new file. */
  readonly openFile: () => InProgressFile
  /** Finishes a file that has at least so many bytes; Infinity for never. */
  readonly maxBytes: number
  /** Finishes a file so long after its first record; Infinity for never. */
  readonly rolloverIntervalMs: number
}

/** Writes records into one file after the other. */
export class FileSinkWriter<T> implements SinkWriter<T> {
  readonly #options: FileSinkWriterOptions<T>
  readonly #context: SinkWriterContext
  #file: InProgressFile | undefined
  #cancelRollover: () => void = () => {}
  /** The files being finished, which never reject. */
  readonly #finishing = new Set<Promise<void>>()
  #failure: unknown

  /** `file` is the first one, if it has been begun already. */
  constructor(options: FileSinkWriterOptions<T>, context: SinkWriterContext, file?: InProgressFile) {
    this.#options = options
    this.#context = context
    this.#file = file
  }

  write(record: T): void | Promise<void> {
    this.#throwIfFailed()
    const line = this.#options.encode(record)
    this.#file ??= this.#openFile()
    const pushedBack = this.#file.append(line)
    return this.#file.byteCount >= this.#options.maxBytes ? this.#rolled() : pushedBack
  }

  async flush(endOfInput: boolean): Promise<void> {
    if (endOfInput) this.#roll()
    await this.#file?.drain()
    await this.#settled()
  }

  async close(): Promise<void> {
    const file = this.#file
    if (file !== undefined && !this.#context.signal.aborted && this.#failure === undefined) return this.flush(true)
    this.#cancelRollover()
    this.#file = undefined
    await file?.abandon()
    await Promise.all(this.#finishing)
  }

  #openFile(): InProgressFile {
    const { openFile, rolloverIntervalMs } = this.#options
    if (rolloverIntervalMs !== Number.POSITIVE_INFINITY) {
      this.#cancelRollover = this.#context.clock.schedule(rolloverIntervalMs, () => this.#roll())
    }
    return openFile()
  }

  /** Finishes the current file. The next record begins another one, without waiting for it. */
  #roll(): void {
    const file = this.#file
    if (file === undefined) return
    this.#cancelRollover()
    this.#file = undefined
    const finishing = file.finish().catch(async (error: unknown) => {
      this.#failure ??= error
      await file.abandon().catch(() => {})
    })
    this.#finishing.add(finishing)
    void finishing.then(() => this.#finishing.delete(finishing))
  }

  /** Waits for the file being finished, so that files do not pile up. */
  #rolled(): Promise<void> {
    this.#roll()
    return this.#settled()
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#finishing)
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}
