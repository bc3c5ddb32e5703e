import { createReadStream, type ReadStream } from 'node:fs'
import { createGunzip, type Gunzip } from 'node:zlib'
import { ConnectorError } from '@millrace/runtime/connector'
import type { ByteChunks } from './byte-chunks.ts'
import { fileChanged, systemCode, unreadable } from './file-errors.ts'

/** What {@link GunzipChunks} reads. */
export interface GunzipChunksOptions {
  readonly path: string
  /** So many unpacked bytes are passed over. */
  readonly offset: number
  /** Where the split begins, in unpacked bytes: the file must not end before it. */
  readonly splitOffset: number
  readonly chunkBytes: number
  /** Called whenever `take` has something new to tell. */
  readonly onProgress: () => void
}

/**
 * Reads and unpacks a gzip file, also one of several members, on the threads of node:zlib. There is no way to start in the
 * middle, so what lies before the offset is unpacked and dropped.
 */
export class GunzipChunks implements ByteChunks {
  readonly #file: ReadStream
  readonly #gunzip: Gunzip
  readonly #onProgress: () => void
  readonly #path: string
  readonly #offset: number
  readonly #splitOffset: number
  /** Unpacked bytes taken so far. */
  #position = 0
  #hasEnded = false
  #failure: ConnectorError | undefined

  constructor({ path, offset, splitOffset, chunkBytes, onProgress }: GunzipChunksOptions) {
    this.#path = path
    this.#offset = offset
    this.#splitOffset = splitOffset
    this.#onProgress = onProgress
    this.#file = createReadStream(path, { highWaterMark: chunkBytes })
    this.#gunzip = createGunzip({ chunkSize: chunkBytes })
    this.#gunzip.on('readable', onProgress)
    // Not `pipeline`, which is content once everything has been put in: a file cut short is noticed after that.
    this.#file.on('error', (error) => {
      const isGone = systemCode(error) === 'ENOENT'
      this.#end(isGone ? fileChanged(path, splitOffset, 'there is no such file any more') : unreadable(path, error))
    })
    this.#gunzip.on('error', (error) => this.#end(broken(path, error)))
    this.#gunzip.on('end', () => {
      // node:zlib makes nothing of an empty file; gzip calls it broken.
      this.#end(this.#file.bytesRead === 0 ? broken(path, new Error('unexpected end of file')) : undefined)
    })
    this.#file.pipe(this.#gunzip)
  }

  take(): Buffer | 'pending' | 'end' {
    for (let chunk: Buffer | null = this.#gunzip.read(); chunk !== null; chunk = this.#gunzip.read()) {
      const dropped = Math.min(chunk.length, Math.max(0, this.#offset - this.#position))
      this.#position += chunk.length
      if (dropped < chunk.length) return chunk.subarray(dropped)
    }
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#hasEnded) return 'pending'
    if (this.#position >= this.#splitOffset) return 'end'
    const state = `it has only ${this.#position} bytes when it is unpacked`
    throw fileChanged(this.#path, this.#splitOffset, state, { fileBytes: this.#position })
  }

  isReady(): boolean {
    return this.#gunzip.readableLength > 0 || this.#hasEnded
  }

  async close(): Promise<void> {
    this.#gunzip.destroy()
    if (this.#file.closed) return
    await new Promise<void>((resolve) => {
      this.#file.once('close', resolve)
      this.#file.destroy()
    })
  }

  #end(failure: ConnectorError | undefined): void {
    this.#failure ??= failure
    this.#hasEnded = true
    this.#onProgress()
  }
}

function broken(path: string, cause: Error): ConnectorError {
  return new ConnectorError(
    'GZIP_BROKEN',
    `Cannot unpack "${path}": ${cause.message}. The file is cut short or damaged; gzip --test tells more.`,
    { path },
    { cause },
  )
}
