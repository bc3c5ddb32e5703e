import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SnapshotError } from './snapshot-error.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'

/** How many chunks one call to the system takes: systems refuse more than 1024. */
const chunksPerWrite = 1000

const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space, or choose a directory on another disk',
  EDQUOT: 'the quota is used up: free space, or choose a directory elsewhere',
  EACCES: 'this user may not: change the permissions of the directory, or choose another one',
  EPERM: 'this user may not: change the permissions of the directory, or choose another one',
  EROFS: 'the file system is read-only: choose a directory that can be written',
  ENOTDIR: 'a part of the path is a file: choose another directory',
  EEXIST: 'a part of the path is a file: choose another directory',
  ENOENT: 'there is no such file or directory',
  EMFILE: 'this process has too many open files: raise its limit (ulimit -n)',
}

/** Snapshots in a directory of this machine, or one that is mounted. */
export class LocalDirectoryStorage implements SnapshotStorage {
  async makeDirectory(path: string): Promise<void> {
    await attempt('make the directory', path, () => makeDirectories(path))
  }

  async write(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    await attempt('write', path, () => writeDurably(path, chunks))
  }

  async publish(path: string, chunks: readonly Uint8Array[]): Promise<void> {
    await attempt('write', path, async () => {
      const temporary = `${path}.inprogress`
      try {
        await writeDurably(temporary, chunks)
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {})
        throw error
      }
      await syncDirectory(dirname(path))
    })
  }

  read(path: string, offset: number, length: number): Promise<Uint8Array> {
    return attempt('read', path, async () => {
      const file = await open(path, 'r')
      try {
        const { size } = await file.stat()
        // Asked before memory is taken for it.
        if (offset + length > size) {
          throw new SnapshotError(
            'STORAGE_FAILED',
            `Cannot read ${length} bytes at offset ${offset} of ${path}: it has ${size} bytes. The file is cut off: use another snapshot.`,
            { operation: 'read', path, offset, length, size },
          )
        }
        return await readFully(file, offset, length)
      } finally {
        await file.close()
      }
    })
  }

  sizeOf(path: string): Promise<number | undefined> {
    return attempt('look up', path, async () => {
      const found = await stat(path).catch(absent)
      return found?.isFile() ? found.size : undefined
    })
  }

  list(path: string): Promise<readonly string[]> {
    return attempt('list', path, async () => ((await readdir(path).catch(absent)) ?? []).sort())
  }

  async remove(path: string): Promise<void> {
    await attempt('remove', path, () => rm(path, { recursive: true, force: true }))
  }
}

/**
 * Makes a directory and those above it. Not by `mkdir` with `recursive`, which never returns where a directory is there and
 * takes no others (/proc).
 */
async function makeDirectories(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const parent = dirname(path)
    if (code === 'ENOENT' && parent !== path && (await stat(parent).catch(absent)) === undefined) {
      await makeDirectories(parent)
      await mkdir(path).catch((again) => checkDirectory(path, again))
    } else return checkDirectory(path, error)
  }
  // Each new directory is an entry in the one above it, which has to survive as well.
  await syncDirectory(dirname(path))
}

/** Throws `error` unless the directory is there, whoever made it. */
async function checkDirectory(path: string, error: unknown): Promise<void> {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
}

async function writeDurably(path: string, chunks: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (let i = 0; i < chunks.length; i += chunksPerWrite) await writeAll(file, chunks.slice(i, i + chunksPerWrite))
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A write to a nearly full disk, or of gigabytes, may take only a part of what it is given. */
async function writeAll(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks.filter((chunk) => chunk.length > 0)
  while (rest.length > 0) {
    let { bytesWritten } = await file.writev(rest)
    let whole = 0
    while (whole < rest.length && bytesWritten >= rest[whole]!.length) bytesWritten -= rest[whole++]!.length
    rest = rest.slice(whole)
    if (bytesWritten > 0) rest[0] = rest[0]!.subarray(bytesWritten)
  }
}

async function readFully(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) throw new Error(`the file ended at ${offset + done} while it was read`)
    done += bytesRead
  }
  return bytes
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no such thing, and does without.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}

async function attempt<T>(operation: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    if (cause instanceof SnapshotError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    const why = (code !== undefined && remedies[code]) || message
    throw new SnapshotError(
      'STORAGE_FAILED',
      `Cannot ${operation} ${path}: ${why}${code === undefined ? '' : ` (${code})`}`,
      { operation, path, systemCode: code },
      { cause },
    )
  }
}
