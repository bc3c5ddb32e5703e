import type { RestoreSettings } from '../cluster/restore-settings.ts'
import { UsageError } from './usage-error.ts'

/** The options of `run` that say what the job starts from. */
export interface RestoreOptions {
  readonly fromSavepoint?: string
  readonly resume?: boolean
  readonly allowNonRestoredState?: boolean
  readonly claimMode?: RestoreSettings['claimMode']
  readonly dropState: readonly string[]
}

/**
 * Undefined if the job starts empty.
 *
 * @throws UsageError if options contradict each other, or mean nothing without a snapshot.
 */
export function restoreSettings(options: RestoreOptions): RestoreSettings | undefined {
  const { fromSavepoint: path, allowNonRestoredState = false, claimMode, dropState } = options
  const resume = options.resume === true
  if (path === undefined && !resume) {
    const [idle] = [
      ...(allowNonRestoredState ? ['-n'] : []),
      ...(claimMode === undefined ? [] : ['--claim-mode']),
      ...(dropState.length === 0 ? [] : ['--drop-state']),
    ]
    if (idle === undefined) return undefined
    throw new UsageError(
      `${idle} says what to take of a snapshot, and there is none`,
      'name it with -s PATH, or --resume',
    )
  }
  if (path !== undefined && resume) {
    throw new UsageError('-s and --resume exclude each other', '--resume finds the newest checkpoint by itself')
  }
  return {
    from: path === undefined ? 'resume' : { path },
    allowNonRestoredState,
    dropState,
    // Also for --resume: what is found may be a savepoint that somebody wants to keep.
    claimMode: claimMode ?? 'NO_CLAIM',
  }
}
