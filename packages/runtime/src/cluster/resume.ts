import { MillraceError } from '../base/error.ts'
import { readSnapshot } from '../snapshot/open-snapshot.ts'
import type { SnapshotMetadata } from '../snapshot/snapshot.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'

/** What `--resume` finds. */
export interface ResumePoint {
  /** The newest complete snapshot of the job; undefined if there is none. */
  readonly newest: ResumableSnapshot | undefined
  /** What was looked at, but cannot be started from: half-written or damaged. */
  readonly skipped: readonly SkippedSnapshot[]
  /** Directories of checkpoints that earlier runs of this job began and never completed. */
  readonly leftOver: readonly string[]
}

export interface ResumableSnapshot {
  /** The directory of the snapshot, absolute. */
  readonly path: string
  readonly metadata: SnapshotMetadata
}

export interface SkippedSnapshot {
  readonly path: string
  readonly reason: string
  /** It has no metadata: whoever wrote it did not come to the end. */
  readonly isIncomplete: boolean
}

const jobIdPattern = /^[0-9a-f]{32}$/
const snapshotPattern = /^(?:chk-\d+|savepoint-.+)$/

/**
 * Looks for the newest complete checkpoint of a job, by its name, since every run has an id of its own: in the directories
 * `<checkpointDirectory>/<job-id>/chk-<n>`, and among savepoints that are kept there, too. A snapshot is newer if it was
 * triggered later; of two at once, that with the higher id.
 */
export async function findNewestCheckpoint(
  storage: SnapshotStorage,
  checkpointDirectory: string,
  jobName: string,
): Promise<ResumePoint> {
  let newest: ResumableSnapshot | undefined
  const skipped: SkippedSnapshot[] = []
  const leftOver: string[] = []
  const root = await storage.list(checkpointDirectory)
  const places = ['', ...root.filter((name) => jobIdPattern.test(name)).map((name) => `/${name}`)]
  for (const place of places) {
    const directory = `${checkpointDirectory}${place}`
    const names = (place === '' ? root : await storage.list(directory)).filter((name) => snapshotPattern.test(name))
    const unreadable: SkippedSnapshot[] = []
    let isOther = false
    let isOurs = false
    for (const path of names.map((name) => `${directory}/${name}`)) {
      const found = await tryToRead(storage, path)
      if ('reason' in found) unreadable.push(found)
      else if (found.metadata.jobName !== jobName) isOther = true
      else {
        isOurs = true
        if (newest === undefined || isNewer(found, newest)) newest = found
      }
    }
    // A directory belongs to one run, so what cannot be read beside another job's snapshots is that job's.
    if (isOther && place !== '') continue
    const isOurRun = isOurs && place !== ''
    for (const each of unreadable) {
      if (isOurRun && each.isIncomplete) leftOver.push(each.path)
      else skipped.push(each)
    }
  }
  return { newest, skipped, leftOver }
}

function isNewer({ metadata: a }: ResumableSnapshot, { metadata: b }: ResumableSnapshot): boolean {
  return a.timestampMs === b.timestampMs ? a.checkpointId > b.checkpointId : a.timestampMs > b.timestampMs
}

async function tryToRead(storage: SnapshotStorage, path: string): Promise<ResumableSnapshot | SkippedSnapshot> {
  if ((await storage.sizeOf(`${path}/_metadata`)) === undefined) {
    return { path, reason: 'it was never completed: it has no _metadata', isIncomplete: true }
  }
  try {
    const { metadata, directory } = await readSnapshot(storage, path)
    return { path: directory, metadata }
  } catch (error) {
    // A disk that cannot be read now may have a sound checkpoint: to go on from an older one would repeat output.
    if (error instanceof MillraceError && error.code !== 'STORAGE_FAILED')
      return { path, reason: error.message, isIncomplete: false }
    throw error
  }
}
