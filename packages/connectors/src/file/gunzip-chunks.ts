import { createReadStream, type ReadStream } from 'node:fs'
import { createGunzip, type Gunzip } from 'node:zlib'
import { ConnectorError } from '@millrace/runtime/connector'
import type { ByteChunks } from './byte-chunks.ts'
import { unreadable } from './file-errors.ts'

/** What {@link GunzipChunks} reads. */
export interface GunzipChunksOptions {
  readonly path: string
  readonly chunkBytes: number
  /** Called whenever `take` has something new to tell. */
  readonly onProgress: () => void
}

/** Reads and unpacks a gzip file, also one of several members, on the threads of node:zlib. */
export class GunzipChunks implements ByteChunks {
  readonly #file: ReadStream
  readonly #gunzip: Gunzip
  readonly #onProgress: () => void
  #hasEnded = false
  #failure: ConnectorError | undefined

  constructor({ path, chunkBytes, onProgress }: GunzipChunksOptions) {
    this.#onProgress = onProgress
    this.#file = createReadStream(path, { highWaterMark: chunkBytes })
    this.#gunzip = createGunzip({ chunkSize: chunkBytes })
    this.#gunzip.on('readable', onProgress)
    // Not `pipeline`, which is content once everything has been put in: a file cut short is noticed after that.
    this.#file.on('error', (error) => this.#end(unreadable(path, error)))
    this.#gunzip.on('error', (error) => this.#end(broken(path, error)))
    this.#gunzip.on('end', () => {
      // node:zlib makes nothing of an empty file; gzip calls it broken.
      this.#end(this.#file.bytesRead === 0 ? broken(path, new Error('unexpected end of file')) : undefined)
    })
    this.#file.pipe(this.#gunzip)
  }

  take(): Buffer | 'pending' | 'end' {
    const chunk: Buffer | null = this.#gunzip.read()
    if (chunk !== null) return chunk
    if (this.#failure !== undefined) throw this.#failure
    return this.#hasEnded ? 'end' : 'pending'
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
