import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { SnapshotError } from '../snapshot/snapshot-error.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'

/** What may go wrong with a simulated disk. Bytes that were synced stay as they are: there is no bit rot. */
export interface StorageFaults {
  /** Virtual time that an operation takes at most. */
  readonly latencyMsMax: number
  /** Of a thousand operations, how many fail. A write that fails may leave a part of its file behind. */
  readonly failuresPerThousand: number
  /** No more than so many of them fail, so that a job that starts anew comes through in the end. */
  readonly failuresMax: number
  /** From when until when nothing more can be written, on the monotonic clock. */
  readonly fullPeriods: readonly { readonly fromMs: number; readonly untilMs: number }[]
}

/** A disk that never fails, and needs no time. */
export const NO_STORAGE_FAULTS: StorageFaults = Object.freeze({
  latencyMsMax: 0,
  failuresPerThousand: 0,
  failuresMax: 0,
  fullPeriods: [],
})

export interface SimulatedStorageParts {
  readonly clock: Clock
  readonly random: Random
  readonly faults?: StorageFaults
  /** What another one left (`files()`): a machine that starts anew finds it. */
  readonly files?: ReadonlyMap<string, Uint8Array>
}

type Operation = 'makeDirectory' | 'write' | 'publish' | 'read' | 'sizeOf' | 'list' | 'remove'

/** A file whose bytes are being written: a crash leaves a part of them. */
interface UnsyncedFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/**
 * Snapshot storage in memory, on virtual time, with the faults of a disk. The same seed has the same faults. It outlives
 * the jobs that use it: what `crash` leaves is what the next job finds.
 *
 * @example
 * const clock = new SimulatedClock()
 * const storage = new SimulatedStorage({ clock, random: new SeededRandom(1) })
 * const made = storage.makeDirectory('/checkpoints')
 * clock.advanceTo(0) // The operation ends when time moves on.
 * await made // -> undefined
 */
export class SimulatedStorage implements SnapshotStorage {
  readonly #clock: Clock
  readonly #random: Random
  readonly #faults: StorageFaults
  readonly #directories = new Set<string>(['/'])
  readonly #files = new Map<string, Uint8Array>()
  readonly #unsynced = new Set<UnsyncedFile>()
  #underWay = new Set<() => void>()
  /** Told whenever a file was published, at the moment of its rename. */
  onPublished: ((path: string) => void) | undefined
  #failures = 0
  #temporaryFiles = 0

  constructor({ clock, random, faults = NO_STORAGE_FAULTS, files = new Map() }: SimulatedStorageParts) {
    this.#clock = clock
    this.#random = random
    this.#faults = faults
    for (const [path, bytes] of files) {
      this.#makeDirectories(directoryOf(path))
      this.#files.set(path, bytes.slice())
    }
  }

  /** How many operations have failed on purpose, those on a full disk not counted. */
  get failures(): number {
    return this.#failures
  }

  /** All files that can be seen, with their bytes, by path: read at once, without faults. */
  files(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#files].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /**
   * The machine stops: operations under way never complete, and of files that were being written any part may be left. What
   * had been acknowledged stays. Afterwards the storage serves whoever comes next.
   */
  crash(): void {
    for (const cancel of this.#underWay) cancel()
    this.#underWay = new Set()
    for (const { path, bytes } of this.#unsynced) this.#tear(path, bytes)
    this.#unsynced.clear()
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#takeTime()
    this.#checkFull('makeDirectory', path)
    this.#checkFault('makeDirectory', path)
    this.#makeDirectories(path)
  }

  async write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    this.#checkWritten('write', path)
    await this.#put('write', path, path, chunks)
  }

  async publish(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    this.#checkWritten('publish', path)
    const temporaryPath = `${path}.${++this.#temporaryFiles}.tmp`
    await this.#put('publish', temporaryPath, path, chunks)
    await this.#takeTime()
    const fails = this.#drawFault()
    // The rename is atomic, but who asked for it may hear of a failure either way: when syncing the directory failed.
    if (fails && this.#random.below(2) === 0) throw this.#failed('publish', path, 'EIO: i/o error, before the rename')
    const bytes = this.#files.get(temporaryPath)
    if (bytes === undefined) throw this.#failed('publish', path, 'ENOENT: the directory was removed meanwhile')
    this.#files.delete(temporaryPath)
    this.#files.set(path, bytes)
    this.onPublished?.(path)
    if (fails) throw this.#failed('publish', path, 'EIO: i/o error, after the rename')
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array> {
    await this.#takeTime()
    this.#checkFault('read', path)
    const bytes = this.#files.get(path)
    if (bytes === undefined) throw this.#failed('read', path, 'ENOENT: no such file or directory')
    if (offset + length > bytes.length) {
      throw this.#failed('read', path, `${length} bytes from ${offset} of a file of ${bytes.length}`)
    }
    return bytes.slice(offset, offset + length)
  }

  async sizeOf(path: string): Promise<number | undefined> {
    await this.#takeTime()
    this.#checkFault('sizeOf', path)
    return this.#files.get(path)?.length
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#takeTime()
    this.#checkFault('list', path)
    const prefix = path === '/' ? '/' : `${path}/`
    const names = new Set<string>()
    for (const each of [...this.#directories, ...this.#files.keys()]) {
      if (each.startsWith(prefix) && each !== '/') names.add(each.slice(prefix.length).split('/', 1)[0]!)
    }
    return [...names].toSorted()
  }

  async remove(path: string): Promise<void> {
    await this.#takeTime()
    this.#checkFault('remove', path)
    const isWithin = (each: string) => each === path || each.startsWith(`${path}/`)
    for (const each of [...this.#files.keys()]) if (isWithin(each)) this.#files.delete(each)
    for (const each of [...this.#directories]) if (isWithin(each)) this.#directories.delete(each)
  }

  /** Writes and syncs a file, with `path` as the one that errors name. */
  async #put(operation: Operation, file: string, path: string, chunks: readonly Uint8Array[]): Promise<void> {
    // Copied at once: whoever changes a chunk meanwhile is not noticed by a disk either.
    const unsynced: UnsyncedFile = { path: file, bytes: Buffer.concat(chunks) }
    if (!this.#isFull()) {
      this.#unsynced.add(unsynced)
      this.#files.set(file, new Uint8Array(0))
    }
    await this.#takeTime()
    const isFull = this.#isFull() || !this.#files.has(file)
    this.#unsynced.delete(unsynced)
    if (isFull || this.#drawFault()) {
      if (this.#files.has(file)) this.#tear(file, unsynced.bytes)
      throw this.#failed(operation, path, isFull ? 'ENOSPC: no space left on device' : 'EIO: i/o error')
    }
    this.#files.set(file, new Uint8Array(unsynced.bytes))
  }

  /** Nothing, all, or a part of it is left. */
  #tear(path: string, bytes: Uint8Array): void {
    const what = this.#random.below(4)
    if (what === 0) this.#files.delete(path)
    else this.#files.set(path, bytes.slice(0, what === 1 ? bytes.length : this.#random.below(bytes.length + 1)))
  }

  #takeTime(): Promise<void> {
    const { latencyMsMax } = this.#faults
    const { promise, resolve } = Promise.withResolvers<void>()
    const delayMs = latencyMsMax === 0 ? 0 : (this.#random.below(1_000) / 1_000) * latencyMsMax
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#underWay.delete(cancel)
      resolve()
    })
    this.#underWay.add(cancel)
    return promise
  }

  #isFull(): boolean {
    const now = this.#clock.monotonicMs()
    return this.#faults.fullPeriods.some(({ fromMs, untilMs }) => fromMs <= now && now < untilMs)
  }

  #drawFault(): boolean {
    const { failuresPerThousand, failuresMax } = this.#faults
    if (failuresPerThousand === 0 || this.#failures >= failuresMax) return false
    if (this.#random.below(1_000) >= failuresPerThousand) return false
    this.#failures++
    return true
  }

  #checkFault(operation: Operation, path: string): void {
    if (this.#drawFault()) throw this.#failed(operation, path, 'EIO: i/o error')
  }

  #checkFull(operation: Operation, path: string): void {
    if (this.#isFull()) throw this.#failed(operation, path, 'ENOSPC: no space left on device')
  }

  /** A file is written once, into a directory that exists. */
  #checkWritten(operation: Operation, path: string): void {
    if (!this.#directories.has(directoryOf(path)))
      throw this.#failed(operation, path, 'ENOENT: no such file or directory')
    if (this.#directories.has(path)) throw this.#failed(operation, path, 'EISDIR: illegal operation on a directory')
    if (operation === 'write' && this.#files.has(path)) throw this.#failed(operation, path, 'EEXIST: file exists')
  }

  #makeDirectories(path: string): void {
    for (let at = path; at !== '/'; at = directoryOf(at)) {
      if (this.#files.has(at)) throw this.#failed('makeDirectory', path, 'EEXIST: file exists')
      this.#directories.add(at)
    }
  }

  #failed(operation: Operation, path: string, reason: string): SnapshotError {
    return new SnapshotError(
      'STORAGE_FAILED',
      `Cannot ${operation} "${path}" on the simulated disk: ${reason}`,
      { operation, path },
      { cause: new Error(reason) },
    )
  }
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
