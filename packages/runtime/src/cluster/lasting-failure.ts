/** Where state is described or used as it cannot be, or does not fit the code, is damaged, or refers to files that are gone. */
const lasting: ReadonlySet<unknown> = new Set([
  'STATE_KIND_CHANGED',
  'STATE_TYPE_CHANGED',
  'MIGRATION_FAILED',
  'NOT_KEYED',
  'BROADCAST_STATE_NOT_NAMED',
  'INVALID_DESCRIPTOR',
  'SINK_WITHOUT_COMMITTER',
  'SINK_WITHOUT_RESTORE',
  'SNAPSHOT_FOREIGN',
  'SNAPSHOT_CORRUPT',
  'IN_PROGRESS_FILE_LOST',
  'PENDING_FILE_LOST',
])

/** Causes of causes that are looked at. */
const DEPTH_MAX = 16

/**
 * Whether every further attempt would fail in the same way, since its state or its use of state is at fault: a restart
 * strategy that never gives up would go on for ever, and hide that a job is wrong, or that a savepoint does not fit it.
 */
export function isLastingFailure(error: unknown): boolean {
  let each = error
  for (let depth = 0; depth < DEPTH_MAX && each instanceof Error; depth++) {
    if ('isLasting' in each && each.isLasting === true) return true
    if ('code' in each && lasting.has(each.code)) return true
    each = each.cause
  }
  return false
}
