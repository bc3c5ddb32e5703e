import { readSnapshot } from '../snapshot/open-snapshot.ts'
import type { SnapshotMetadata } from '../snapshot/snapshot.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'

/** What was removed of a snapshot, and what was not. */
export interface DisposedSnapshot {
  readonly directory: string
  /** How many files were removed. */
  readonly fileCount: number
  /** Names in the directory that are not the snapshot's: they, and the directory with them, were left alone. */
  readonly left: readonly string[]
}

/**
 * Removes a savepoint or checkpoint: the files that its metadata names, and the directory if nothing else is in it.
 *
 * @throws SnapshotError if `path` holds no snapshot of ours, or one whose metadata is damaged: nothing was removed then.
 */
export async function disposeSnapshot(storage: SnapshotStorage, path: string): Promise<DisposedSnapshot> {
  const { metadata, directory } = await readSnapshot(storage, path)
  const files = filesOf(metadata)
  // Without its metadata it is no snapshot any more, so one that is half removed is never taken for a whole one.
  await storage.remove(`${directory}/_metadata`)
  for (const file of files) await storage.remove(`${directory}/${file}`)
  const left = await storage.list(directory)
  if (left.length === 0) await storage.remove(directory)
  return { directory, fileCount: 1 + files.size, left }
}

function filesOf({ operators }: SnapshotMetadata): ReadonlySet<string> {
  const files = new Set<string>()
  for (const { keyed, lists } of operators.flatMap(({ subtasks }) => subtasks)) {
    for (const { location } of keyed === undefined ? lists : [keyed, ...lists]) {
      if (location.kind === 'file') files.add(location.path)
    }
  }
  return files
}
