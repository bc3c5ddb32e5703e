import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '../base/message-of.ts'
import { ClusterError } from './cluster-error.ts'
import type { LockFile, LockFiles } from './lock-files.ts'

/** Locks in directories of this machine. */
export class LocalLockFiles implements LockFiles {
  async create(path: string, text: string): Promise<boolean> {
    // Written beside it and then linked: no one sees a lock without its text, and the link fails if there is one.
    const unfinished = `${path}.${randomUUID()}`
    return attempt('make', path, async () => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(unfinished, text)
      try {
        await link(unfinished, path)
        return true
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false
        if (noLinks.has(codeOf(error))) return await createUnlinked(path, text)
        throw error
      } finally {
        await unlink(unfinished)
      }
    })
  }

  async read(path: string): Promise<LockFile | undefined> {
    return attempt('read', path, () =>
      ifThere(async () => {
        const text = await readFile(path, 'utf8')
        const { mtimeMs } = await stat(path)
        return { text, modifiedMs: mtimeMs }
      }),
    )
  }

  async touch(path: string, nowMs: number): Promise<void> {
    const seconds = nowMs / 1000
    await attempt('touch', path, () => ifThere(() => utimes(path, seconds, seconds)))
  }

  async remove(path: string): Promise<void> {
    await attempt('remove', path, () => ifThere(() => unlink(path)))
  }
}

/** What file systems without hard links answer. */
const noLinks: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Others may see the lock without its text for a moment, and wait then. */
async function createUnlinked(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function ifThere<T>(operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function attempt<T>(what: string, path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (cause) {
    const reason = messageOf(cause)
    throw new ClusterError(
      'LOCK_FAILED',
      `Cannot ${what} the lock ${path} of the job: ${reason}. The directory of checkpoints must be writable`,
      { path },
      { cause },
    )
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
