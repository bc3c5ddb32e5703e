/** Where a new job gets its state from. */
export interface RestoreSettings {
  /** Directory of a savepoint or checkpoint, or its `_metadata`. `resume`: the job's newest complete checkpoint. */
  readonly from: { readonly path: string } | 'resume'
  /** Leaves out state whose operator the job does not have. */
  readonly allowNonRestoredState: boolean
  /** Uids (or operator ids) whose state is left out. */
  readonly dropState: readonly string[]
  /** CLAIM: the job owns the snapshot, and removes it when a newer checkpoint is complete. */
  readonly claimMode: 'CLAIM' | 'NO_CLAIM'
}
