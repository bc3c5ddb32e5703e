import type { Logger } from '../base/logger.ts'
import { readSnapshot } from '../snapshot/open-snapshot.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import { ClusterError } from './cluster-error.ts'
import type { JobRestore } from './job-manager.ts'
import type { RestoreSettings } from './restore-settings.ts'
import { findNewestCheckpoint } from './resume.ts'

/**
 * Reads the snapshot that a job is to start from. `resume` without a checkpoint answers undefined, and says so.
 *
 * @throws SnapshotError if there is none at the path, or it cannot be read; ClusterError `NO_CHECKPOINT_DIRECTORY`.
 */
export async function findRestore(
  { from, ...settings }: RestoreSettings,
  parts: {
    readonly storage: SnapshotStorage
    readonly jobName: string
    /** Of checkpoints. */
    readonly directory: string | undefined
    readonly logger: Logger
  },
): Promise<JobRestore | undefined> {
  const { storage, jobName, directory, logger } = parts
  if (from !== 'resume') {
    const { metadata, directory: path } = await readSnapshot(storage, from.path)
    return { snapshot: { metadata, path }, settings }
  }
  if (directory === undefined) {
    throw new ClusterError(
      'NO_CHECKPOINT_DIRECTORY',
      `Cannot resume job "${jobName}": there is no directory of checkpoints to look in. Set execution.checkpointing.dir, the same as in the run before.`,
      { jobName },
    )
  }
  const { newest, skipped, leftOver } = await findNewestCheckpoint(storage, directory, jobName)
  for (const { path, reason, isIncomplete } of skipped) {
    // What a run began that was killed before its first checkpoint may be any job's, and stays.
    logger[isIncomplete ? 'debug' : 'warn']('a checkpoint was passed over', { path, reason })
  }
  await removeLeftOver(leftOver, storage, logger)
  if (newest === undefined) {
    logger.info(`no complete checkpoint of job "${jobName}" in ${directory}: it starts without state`)
    return undefined
  }
  const { metadata, path } = newest
  logger.info(`job "${jobName}" resumes from ${metadata.kind} ${metadata.checkpointId}`, { path })
  // It was the job's own, and a newer one takes its place.
  const claimMode = metadata.kind === 'checkpoint' ? 'CLAIM' : settings.claimMode
  return { snapshot: { metadata, path }, settings: { ...settings, claimMode } }
}

/** Nobody writes them any more: this run holds the lock of the job. */
async function removeLeftOver(paths: readonly string[], storage: SnapshotStorage, logger: Logger): Promise<void> {
  for (const path of paths) {
    try {
      await storage.remove(path)
    } catch (error) {
      logger.warn('a checkpoint that was never completed could not be removed', { path, error: String(error) })
    }
  }
}
