/** Of StateError, SnapshotError and the file sink: what is wrong is the state, what it refers to, or the code that is to take it. */
const lasting: ReadonlySet<unknown> = new Set([
  'STATE_KIND_CHANGED',
  'STATE_TYPE_CHANGED',
  'MIGRATION_FAILED',
  'SNAPSHOT_FOREIGN',
  'SNAPSHOT_CORRUPT',
  'IN_PROGRESS_FILE_LOST',
  'PENDING_FILE_LOST',
])

/** Causes of causes that are looked at. */
const DEPTH_MAX = 16

/**
 * Whether every further attempt would fail in the same way, since state cannot be restored: a restart strategy that never
 * gives up would go on for ever, and hide that a savepoint and a job do not fit each other.
 */
export function isLastingFailure(error: unknown): boolean {
  let each = error
  for (let depth = 0; depth < DEPTH_MAX && each instanceof Error; depth++) {
    if ('code' in each && lasting.has(each.code)) return true
    each = each.cause
  }
  return false
}
