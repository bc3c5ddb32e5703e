import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { unwritable } from './file-errors.ts'
import { inProgressFileLost, type PartFile } from './part-file.ts'

/** What is handed to the system at a time, unless the file ends. */
const WRITE_BYTES = 64 * 1024
/** What may wait for the write under way, before the writer pushes back. */
const BUFFERED_BYTES_MAX = 1024 * 1024

/**
 * A file being written, under a name that nobody takes for a finished one. Text is buffered, and written beside the
 * task's loop, one write at a time. Every method may be called while others are pending; the first error rejects all.
 */
export class InProgressFile {
  /** Written to until the file is finished. */
  readonly temporaryPath: string
  /** The name that the finished file gets; the same as `temporaryPath` if it is written directly. */
  readonly path: string
  readonly #opened: Promise<FileHandle>
  #buffered = ''
  #bufferedBytes = 0
  #byteCount: number
  /** Where the next write goes; undefined for what has no positions: a pipe, a device. */
  #position: number | undefined
  /** Empties the buffer; undefined when there is nothing to be written at the moment. */
  #writing: Promise<void> | undefined
  #isDraining = false
  #isInSnapshot: boolean

  private constructor(
    { path, temporaryPath, bytes }: PartFile,
    how: { readonly opened: Promise<FileHandle>; readonly isInSnapshot: boolean },
  ) {
    this.path = path
    this.temporaryPath = temporaryPath
    this.#byteCount = bytes
    this.#position = path === temporaryPath ? undefined : bytes
    this.#opened = how.opened
    this.#isInSnapshot = how.isInSnapshot
    // Whoever writes or finishes gets to know.
    this.#opened.catch(() => {})
  }

  /** Begins a file. Its temporary path must not exist, unless it is the path itself: then that is written directly. */
  static create(path: string, temporaryPath: string): InProgressFile {
    const opened = open(temporaryPath, path === temporaryPath ? 'w' : 'wx')
    return new InProgressFile({ path, temporaryPath, bytes: 0 }, { opened, isInSnapshot: false })
  }

  /** Goes on with a file as a snapshot knows it: what was written after the snapshot is cut off. */
  static resume(part: PartFile): InProgressFile {
    return new InProgressFile(part, { opened: openAndCut(part), isInSnapshot: true })
  }

  /** Of all text so far. */
  get byteCount(): number {
    return this.#byteCount
  }

  /** A pipe or a device, which has no finished form. */
  get isDirect(): boolean {
    return this.path === this.temporaryPath
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

  /** Makes all text so far durable, and answers the file as a snapshot has to know it. */
  async persist(): Promise<PartFile> {
    this.#isInSnapshot = true
    const part = this.#describe()
    await this.drain()
    await this.#guarded(this.#opened.then((handle) => handle.sync()))
    return part
  }

  /** Ends the file durably, under its temporary name: it is pending then. */
  async end(): Promise<void> {
    await this.drain()
    await this.#guarded(
      this.#opened.then(async (handle) => {
        await handle.sync()
        await handle.close()
      }),
    )
  }

  /** Answers a file that was ended as a snapshot has to know it. */
  keep(): PartFile {
    this.#isInSnapshot = true
    return this.#describe()
  }

  /** What the committer has to know of a file that was ended. */
  committable(): PartFile {
    return this.#describe()
  }

  /** Writes the rest and gives the file its final name. */
  async finish(): Promise<void> {
    await this.drain()
    await this.#guarded(this.#opened.then((handle) => handle.close()))
    if (!this.isDirect) await this.#guarded(rename(this.temporaryPath, this.path))
  }

  /** Closes the file as it is and leaves it under its temporary name. */
  async abandon(): Promise<void> {
    await this.#writing?.catch(() => {})
    await this.#opened.then(
      (handle) => handle.close().catch(() => {}),
      () => {},
    )
  }

  /** After `abandon`: takes the file away, unless a snapshot needs it. */
  async remove(): Promise<void> {
    if (!this.#isInSnapshot && !this.isDirect) await rm(this.temporaryPath, { force: true })
  }

  #describe(): PartFile {
    return { path: this.path, temporaryPath: this.temporaryPath, bytes: this.#byteCount }
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
        const length = bytes.length - written
        const result = await this.#guarded(handle.write(bytes, written, length, this.#position ?? null))
        written += result.bytesWritten
        if (this.#position !== undefined) this.#position += result.bytesWritten
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
      throw unwritable(this.temporaryPath, error)
    }
  }
}

async function openAndCut(part: PartFile): Promise<FileHandle> {
  const handle = await open(part.temporaryPath, 'r+')
  try {
    const { size } = await handle.stat()
    if (size < part.bytes) throw inProgressFileLost(part, `it has only ${size} bytes`)
    await handle.truncate(part.bytes)
    return handle
  } catch (error) {
    await handle.close().catch(() => {})
    throw error
  }
}
