import { SnapshotError } from '../snapshot-error.ts'
import type { SnapshotStorage } from '../snapshot-storage.ts'

/** Files in memory, for tests of formats. Directories exist by their files. */
export class MemoryStorage implements SnapshotStorage {
  readonly files = new Map<string, Uint8Array>()
  /** Offset and length of each read. */
  readonly reads: (readonly [number, number])[] = []

  makeDirectory(): Promise<void> {
    return Promise.resolve()
  }

  write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    this.files.set(path, Buffer.concat(chunks))
    return Promise.resolve()
  }

  publish(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    return this.write(path, chunks)
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    this.reads.push([offset, length])
    const bytes = this.files.get(path)
    if (bytes === undefined || offset + length > bytes.length) {
      throw new SnapshotError('STORAGE_FAILED', `Cannot read ${length} bytes at offset ${offset} of ${path}`)
    }
    return bytes.slice(offset, offset + length)
  }

  sizeOf(path: string): Promise<number | undefined> {
    return Promise.resolve(this.files.get(path)?.length)
  }

  list(path: string): Promise<readonly string[]> {
    const names = [...this.files.keys()].filter((file) => file.startsWith(`${path}/`))
    return Promise.resolve([...new Set(names.map((file) => file.slice(path.length + 1).split('/')[0]!))].sort())
  }

  remove(path: string): Promise<void> {
    this.files.delete(path)
    return Promise.resolve()
  }
}
