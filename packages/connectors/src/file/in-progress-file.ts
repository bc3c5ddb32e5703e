import { type FileHandle, open, rename } from 'node:fs/promises'
import { unwritable } from './file-errors.ts'

/** What is handed to the system at a time, unless the file ends. */
const WRITE_BYTES = 64 * 1024
/** What may wait for the write under way, before the writer pushes back. */
const BUFFERED_BYTES_MAX = 1024 * 1024

/** Where an {@link InProgressFile} is written, and what becomes of it. */
export interface InProgressFileOptions {
  /** Written to until the file is finished. */
  readonly temporaryPath: string
  /** The name that the finished file gets; the same as `temporaryPath` if it keeps it. */
  readonly path: string
  /** `wx` fails if `temporaryPath` exists, `w` empties it. */
  readonly flags: 'w' | 'wx'
}

/**
 * A file being written, under a name that nobody takes for a finished one. Text is buffered, and written beside the
 * task's loop, one write at a time. Every method may be called while others are pending; the first error rejects all.
 */
export class InProgressFile {
  readonly #options: InProgressFileOptions
  readonly #opened: Promise<FileHandle>
  #buffered = ''
  #bufferedBytes = 0
  #byteCount = 0
  /** Empties the buffer; undefined when there is nothing to be written at the moment. */
  #writing: Promise<void> | undefined
  #isDraining = false

  constructor(options: InProgressFileOptions) {
    this.#options = options
    this.#opened = open(options.temporaryPath, options.flags)
    // Whoever writes or finishes gets to know.
    this.#opened.catch(() => {})
  }

  /** Of all text so far. */
  get byteCount(): number {
    return this.#byteCount
  }

  /** Resolves when the file has been created. */
  async opened(): Promise<void> {
    await this.#guarded(this.#opened)
  }

  /** A returned promise means: wait for it before appending more. */
  append(text: string): void | Promise<void> {
    const bytes = Buffer.byteLength(text)
    this.#buffered += text
    this.#bufferedBytes += bytes
    this.#byteCount += bytes
    if (this.#bufferedBytes < WRITE_BYTES) return
    this.#startWriting()
    if (this.#bufferedBytes >= BUFFERED_BYTES_MAX) return this.#writing
  }

  /** Resolves when all text so far has been handed to the system. */
  async drain(): Promise<void> {
    while (this.#bufferedBytes > 0 || this.#writing !== undefined) {
      this.#isDraining = true
      this.#startWriting()
      await this.#writing
    }
  }

  /** Writes the rest and gives the file its final name. */
  async finish(): Promise<void> {
    await this.drain()
    await this.#guarded(this.#opened.then((handle) => handle.close()))
    const { path, temporaryPath } = this.#options
    if (path !== temporaryPath) await this.#guarded(rename(temporaryPath, path))
  }

  /** Closes the file as it is and leaves it under its temporary name. */
  async abandon(): Promise<void> {
    await this.#writing?.catch(() => {})
    await this.#opened.then(
      (handle) => handle.close(),
      () => {},
    )
  }

  #startWriting(): void {
    if (this.#writing !== undefined) return
    this.#writing = this.#writeBuffered()
    // Whoever appends, drains or finishes gets to know.
    this.#writing.catch(() => {})
  }

  async #writeBuffered(): Promise<void> {
    const handle = await this.#guarded(this.#opened)
    while (this.#bufferedBytes >= WRITE_BYTES || (this.#isDraining && this.#bufferedBytes > 0)) {
      const bytes = Buffer.from(this.#buffered)
      this.#buffered = ''
      this.#bufferedBytes = 0
      for (let written = 0; written < bytes.length; ) {
        written += (await this.#guarded(handle.write(bytes, written))).bytesWritten
      }
    }
    // Only after a success: a failed write stays for everybody to find.
    this.#writing = undefined
    this.#isDraining = false
  }

  async #guarded<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise
    } catch (error) {
      throw unwritable(this.#options.temporaryPath, error)
    }
  }
}
