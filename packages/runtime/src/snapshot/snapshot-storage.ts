/**
 * The seam for what survives the process: where snapshots are kept. Paths are absolute, with `/` between their parts.
 * A local directory implements it, and the simulation does; object stores may follow.
 *
 * What goes wrong is thrown as a SnapshotError `STORAGE_FAILED` that names the operation and the path, and keeps the cause.
 */
export interface SnapshotStorage {
  /** Makes a directory and those above it. One that exists is no error. */
  makeDirectory(path: string): Promise<void>
  /** Writes a new file and syncs it. Resolves when its bytes are durable; a rejection may leave a part of it behind. */
  write(path: string, chunks: readonly Uint8Array[]): Promise<void>
  /**
   * The same, but all or nothing: the bytes are written to a temporary name beside it and synced, then renamed, then the
   * directory is synced. Whoever sees the file sees all of it.
   */
  publish(path: string, chunks: readonly Uint8Array[]): Promise<void>
  /** Exactly `length` bytes from `offset`; fewer are an error. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>
  /** In bytes; undefined if there is no such file. */
  sizeOf(path: string): Promise<number | undefined>
  /** The names in a directory, sorted; none if it does not exist. */
  list(path: string): Promise<readonly string[]>
  /** Removes a file, or a directory with all in it. What does not exist is no error. */
  remove(path: string): Promise<void>
}
