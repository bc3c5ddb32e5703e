import { type FileHandle, open } from 'node:fs/promises'
import type { ConnectorError } from '@millrace/runtime/connector'
import type { ByteChunks } from './byte-chunks.ts'
import { fileChanged, systemCode, unreadable } from './file-errors.ts'

/** One being cut into records, one being filled. */
const BUFFERS_MAX = 2
/** Behind the limit only the rest of a line is wanted. */
const TAIL_BYTES = 16 * 1024

/** What {@link FileChunks} reads. */
export interface FileChunksOptions {
  readonly path: string
  readonly offset: number
  /** Where the split begins: the file must not end before it. */
  readonly splitOffset: number
  /** Up to here chunks are large, behind it small; reading goes on to the end of the file unless closed. */
  readonly limit: number
  readonly chunkBytes: number
  /** Called whenever `take` has something new to tell. */
  readonly onProgress: () => void
}

/** Reads a file from an offset on with asynchronous reads, one ahead of its consumer. */
export class FileChunks implements ByteChunks {
  readonly #options: FileChunksOptions
  readonly #buffers: Buffer[] = []
  /** Filled and not taken yet, in order; at most {@link BUFFERS_MAX}. */
  readonly #filled: Buffer[] = []
  #hasTaken = false
  #fills = 0
  #position: number
  #handle: FileHandle | undefined
  /** Undefined until the file is open. What is not regular is read once, from where it stands. */
  #isRegular: boolean | undefined
  /** The read under way, never rejected. */
  #reading: Promise<void>
  #isReading = true
  #isClosed = false
  #hasEnded = false
  #failure: ConnectorError | undefined

  constructor(options: FileChunksOptions) {
    this.#options = options
    this.#position = options.offset
    this.#reading = this.#run(() => this.#open())
  }

  take(): Buffer | 'pending' | 'end' {
    this.#hasTaken = false
    const chunk = this.#filled.shift()
    this.#hasTaken = chunk !== undefined
    this.#readAhead()
    if (chunk !== undefined) return chunk
    if (this.#failure !== undefined) throw this.#failure
    return this.#hasEnded ? 'end' : 'pending'
  }

  isReady(): boolean {
    return this.#filled.length > 0 || this.#hasEnded || this.#failure !== undefined
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const closed = this.#reading.then(() => this.#handle?.close())
    // A pipe may never bring what is waited for, or not even open.
    if (this.#isRegular) await closed
    else closed.catch(() => {})
  }

  async #open(): Promise<void> {
    const { path, splitOffset } = this.#options
    this.#handle = await open(path, 'r').catch((error: unknown) => {
      throw systemCode(error) === 'ENOENT' ? fileChanged(path, splitOffset, 'there is no such file any more') : error
    })
    const stats = await this.#handle.stat()
    this.#isRegular = stats.isFile()
    if (splitOffset === 0) return
    if (!this.#isRegular) throw fileChanged(path, splitOffset, 'it is no regular file, and cannot be read twice')
    if (stats.size >= splitOffset) return
    throw fileChanged(path, splitOffset, `it has only ${stats.size} bytes`, { fileBytes: stats.size })
  }

  /** Fills the next buffer, if there is a free one: buffers are used in turn. */
  #readAhead(): void {
    const used = this.#filled.length + (this.#hasTaken ? 1 : 0)
    if (this.#isReading || this.#isClosed || this.#hasEnded || this.#failure !== undefined) return
    if (used >= BUFFERS_MAX) return
    this.#reading = this.#run(() => this.#fill())
  }

  async #fill(): Promise<void> {
    const { chunkBytes, limit } = this.#options
    const slot = this.#fills++ % BUFFERS_MAX
    const left = limit - this.#position
    const wanted = left > 0 ? Math.min(chunkBytes, left) : Math.min(chunkBytes, TAIL_BYTES)
    let buffer = this.#buffers[slot]
    if (buffer === undefined || buffer.length < wanted) {
      buffer = Buffer.allocUnsafeSlow(wanted)
      this.#buffers[slot] = buffer
    }
    const { bytesRead } = await this.#handle!.read(buffer, 0, wanted, this.#isRegular ? this.#position : null)
    this.#position += bytesRead
    if (bytesRead === 0) this.#hasEnded = true
    else this.#filled.push(buffer.subarray(0, bytesRead))
  }

  async #run(step: () => Promise<void>): Promise<void> {
    this.#isReading = true
    try {
      await step()
    } catch (error) {
      this.#failure = unreadable(this.#options.path, error)
    }
    this.#isReading = false
    if (this.#isClosed) return
    if (this.isReady()) this.#options.onProgress()
    this.#readAhead()
  }
}
