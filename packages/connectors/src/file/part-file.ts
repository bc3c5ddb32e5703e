import { open, stat } from 'node:fs/promises'
import { ConnectorError } from '@millrace/runtime/connector'
import { systemCode, unwritable } from './file-errors.ts'

/** A file that is not finished, as snapshots and committers know it: plain data. */
export interface PartFile {
  /** Where it is. Absolute. */
  readonly temporaryPath: string
  /** Where it will be when it is finished. */
  readonly path: string
  /** So many are durable, and belong to it. */
  readonly bytes: number
}

/** A snapshot says that there is more in the file than there is. */
export function inProgressFileLost({ temporaryPath, path, bytes }: PartFile, state: string): ConnectorError {
  return new ConnectorError(
    'IN_PROGRESS_FILE_LOST',
    `Cannot go on writing "${path}" where the snapshot left off, at byte ${bytes} of "${temporaryPath}": ${state}. ` +
      'Bring that file back, or start from a newer snapshot, or without one.',
    { path, temporaryPath, bytes },
  )
}

/** The size of what is at `path`; undefined if nothing is. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw unwritable(path, error)
  }
}

/** Makes durable which files a directory has, under which names. */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    await using handle = await open(directory, 'r')
    await handle.sync()
  } catch (error) {
    // Not every file system has this for directories; those keep names by themselves.
    if (['EISDIR', 'EINVAL', 'EPERM', 'ENOTSUP'].includes(systemCode(error) ?? '')) return
    throw unwritable(directory, error)
  }
}
