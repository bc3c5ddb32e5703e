import { createReadStream, type ReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
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
  readonly #settled: Promise<void>
  #hasEnded = false
  #failure: ConnectorError | undefined

  constructor({ path, chunkBytes, onProgress }: GunzipChunksOptions) {
    this.#file = createReadStream(path, { highWaterMark: chunkBytes })
    this.#gunzip = createGunzip({ chunkSize: chunkBytes })
    this.#gunzip.on('readable', onProgress)
    this.#settled = new Promise((resolve) => {
      pipeline(this.#file, this.#gunzip, (error) => {
        if (error) this.#failure = broken(path, error)
        // node:zlib takes no bytes at all for an empty archive; gzip does not.
        else if (this.#file.bytesRead === 0) this.#failure = broken(path, new Error('unexpected end of file'))
        this.#hasEnded = true
        onProgress()
        resolve()
      })
    })
  }

  take(): Buffer | 'pending' | 'end' {
    // What was unpacked before an error is delivered before it.
    const chunk: Buffer | null = this.#gunzip.read()
    if (chunk !== null) return chunk
    if (this.#failure !== undefined) throw this.#failure
    return this.#hasEnded ? 'end' : 'pending'
  }

  isReady(): boolean {
    return this.#gunzip.readableLength > 0 || this.#hasEnded
  }

  async close(): Promise<void> {
    this.#file.destroy()
    this.#gunzip.destroy()
    await this.#settled
  }
}

function broken(path: string, cause: Error): ConnectorError {
  // Of the file system, with errno, or of zlib.
  if ('syscall' in cause) return unreadable(path, cause)
  return new ConnectorError(
    'GZIP_BROKEN',
    `Cannot unpack "${path}": ${cause.message}. The file is cut short or damaged; gzip --test tells more.`,
    { path },
    { cause },
  )
}
