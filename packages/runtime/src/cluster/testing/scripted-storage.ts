import { SnapshotError } from '../../snapshot/snapshot-error.ts'
import type { SnapshotStorage } from '../../snapshot/snapshot-storage.ts'

export type StorageOperation = 'makeDirectory' | 'write' | 'publish' | 'read' | 'sizeOf' | 'list' | 'remove'

/** Files in memory, at once. A test says which operations fail or hang. */
export class ScriptedStorage implements SnapshotStorage {
  readonly files = new Map<string, Uint8Array>()
  readonly directories = new Set<string>()
  /** Operations that change something, in order. */
  readonly log: string[] = []
  /** Before an operation: throws, or waits as long as it likes. */
  before: (operation: StorageOperation, path: string) => void | Promise<void> = () => {}

  async makeDirectory(path: string): Promise<void> {
    await this.#begin('makeDirectory', path)
    this.directories.add(path)
  }

  async write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    await this.#begin('write', path)
    this.files.set(path, Buffer.concat(chunks))
  }

  async publish(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    await this.#begin('publish', path)
    this.files.set(path, Buffer.concat(chunks))
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    await this.#begin('read', path)
    const file = this.files.get(path)
    if (file === undefined || offset + length > file.length) throw new SnapshotError('STORAGE_FAILED', `no ${path}`)
    return file.subarray(offset, offset + length)
  }

  async sizeOf(path: string): Promise<number | undefined> {
    await this.#begin('sizeOf', path)
    return this.files.get(path)?.length
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#begin('list', path)
    const below = [...this.files.keys(), ...this.directories].filter((each) => each.startsWith(`${path}/`))
    return [...new Set(below.map((each) => each.slice(path.length + 1).split('/')[0]!))].sort()
  }

  async remove(path: string): Promise<void> {
    await this.#begin('remove', path)
    for (const each of [...this.files.keys()]) if (isWithin(each, path)) this.files.delete(each)
    for (const each of [...this.directories]) if (isWithin(each, path)) this.directories.delete(each)
  }

  async #begin(operation: StorageOperation, path: string): Promise<void> {
    if (operation === 'makeDirectory' || operation === 'publish' || operation === 'remove') {
      this.log.push(`${operation} ${path}`)
    }
    await this.before(operation, path)
  }
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}
