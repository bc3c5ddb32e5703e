import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeMetadata, encodeMetadata, metadataBytesMax } from './metadata-codec.ts'
import type { SnapshotMetadata } from './snapshot.ts'
import { SnapshotError } from './snapshot-error.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'

/** The file that makes a directory a snapshot. It is written last. */
export const METADATA_FILE = '_metadata'

/** How many snapshots nearby a message names. */
const suggestionsMax = 5
/** How many directories are looked into for that. */
const lookedIntoMax = 50

export interface OpenedSnapshot {
  readonly metadata: SnapshotMetadata
  /** Absolute. */
  readonly directory: string
}

/**
 * Reads the metadata of a checkpoint or savepoint. `path`: its directory, or the `_metadata` in it, also as a `file:` URL.
 * Throws SnapshotError.
 */
export async function readSnapshot(storage: SnapshotStorage, path: string): Promise<OpenedSnapshot> {
  const directory = snapshotDirectory(path)
  const file = metadataPath(directory)
  const size = await storage.sizeOf(file)
  if (size === undefined) throw await notFound(storage, path, directory)
  if (size > metadataBytesMax) {
    throw new SnapshotError(
      'SNAPSHOT_TOO_LARGE',
      `Cannot read the snapshot metadata ${file}: it has ${size} bytes, and at most ${metadataBytesMax} are read. Is it a snapshot?`,
      { file, size, metadataBytesMax },
    )
  }
  return { metadata: decodeMetadata(await storage.read(file, 0, size), file), directory }
}

/** Completes a snapshot: from then on it can be read. The directory exists, and what is to be in it is durable. */
export async function publishMetadata(
  storage: SnapshotStorage,
  directory: string,
  metadata: SnapshotMetadata,
): Promise<void> {
  await storage.publish(metadataPath(directory), [encodeMetadata(metadata)])
}

/** The absolute path of the directory that a path, or `file:` URL, of a snapshot means. */
export function snapshotDirectory(path: string): string {
  const absolute = resolve(/^file:/.test(path) ? pathOfUrl(path) : path).replaceAll('\\', '/')
  return absolute.endsWith(`/${METADATA_FILE}`) ? absolute.slice(0, -METADATA_FILE.length - 1) || '/' : absolute
}

function pathOfUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw new SnapshotError(
      'SNAPSHOT_NOT_FOUND',
      `Cannot find a snapshot at ${url}: it is no URL of a local file. Give a path, or file:/absolute/path.`,
      { path: url },
      { cause },
    )
  }
}

function metadataPath(directory: string): string {
  return directory.endsWith('/') ? `${directory}${METADATA_FILE}` : `${directory}/${METADATA_FILE}`
}

async function notFound(storage: SnapshotStorage, path: string, directory: string): Promise<SnapshotError> {
  const nearby = await snapshotsBelow(storage, directory)
  const remedy =
    nearby.length > 0
      ? `There are snapshots in it: ${nearby.join(', ')}. Give one of them.`
      : 'Give the path that `millrace savepoint` printed, or the chk-... directory of a checkpoint.'
  return new SnapshotError(
    'SNAPSHOT_NOT_FOUND',
    `Cannot find a snapshot at ${path}: there is no file ${metadataPath(directory)}. ${remedy}`,
    { path, directory, nearby },
  )
}

/** Some snapshots in a directory, or below the directories of jobs in it, the latest names first. */
async function snapshotsBelow(storage: SnapshotStorage, directory: string): Promise<readonly string[]> {
  const found: string[] = []
  let budget = lookedIntoMax
  const look = async (at: string): Promise<void> => {
    const names = [...(await storage.list(at))].filter((name) => !name.startsWith('.')).reverse()
    for (const name of names) {
      if (found.length === suggestionsMax || budget-- <= 0) return
      const below = `${at}/${name}`
      if ((await storage.sizeOf(metadataPath(below))) !== undefined) found.push(below)
      else if (/^[0-9a-f]{32}$/.test(name)) await look(below)
    }
  }
  try {
    await look(directory)
  } catch {
    // A suggestion only: that there is no snapshot is what counts.
  }
  return found
}
