import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Committer, ConnectorError } from '@millrace/runtime/connector'
import { systemCode, unwritable } from './file-errors.ts'
import { type PartFile, sizeOf, syncDirectory } from './part-file.ts'

/** Finishes pending files by giving them their names. Doing so again does nothing. */
export class FileSinkCommitter implements Committer {
  async commit(committables: readonly unknown[]): Promise<void> {
    // Of the writer's own making.
    const parts = committables as readonly PartFile[]
    for (const part of parts) await finish(part)
    for (const directory of new Set(parts.map(({ path }) => dirname(path)))) await syncDirectory(directory)
  }
}

async function finish(part: PartFile): Promise<void> {
  const { temporaryPath, path, bytes } = part
  const pendingBytes = await sizeOf(temporaryPath)
  if (pendingBytes === undefined) {
    const finishedBytes = await sizeOf(path)
    // It was finished before, by the attempt that failed, say.
    if (finishedBytes === bytes) return
    throw lost(
      part,
      finishedBytes === undefined ? 'it is gone' : `it is gone, and "${path}" has ${finishedBytes} bytes`,
    )
  }
  if (pendingBytes !== bytes) throw lost(part, `it has ${pendingBytes} bytes`)
  try {
    await rename(temporaryPath, path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' && (await sizeOf(path)) === bytes) return
    throw unwritable(path, error)
  }
}

function lost({ temporaryPath, path, bytes }: PartFile, state: string): ConnectorError {
  return new ConnectorError(
    'PENDING_FILE_LOST',
    `Cannot finish "${path}", which the snapshot has as ${bytes} bytes in "${temporaryPath}": ${state}. Bring that file ` +
      'back, or start from another snapshot.',
    { path, temporaryPath, bytes },
  )
}
