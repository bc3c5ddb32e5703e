import type { PendingCheckpoint } from './pending-checkpoint.ts'

/**
 * Asks the enumerators of an attempt for their states, one checkpoint after the other. An enumerator is code of the user:
 * a checkpoint may be given up before it has answered.
 */
export class EnumeratorSnapshots {
  /** Resolves when no enumerator is being asked. */
  #asked: Promise<unknown> = Promise.resolve()

  /** A new attempt has new enumerators. */
  reset(): void {
    this.#asked = Promise.resolve()
  }

  /**
   * Their states; undefined if the checkpoint ended meanwhile. Only with states are their messages to readers held back, and
   * the caller releases them.
   */
  async take(pending: PendingCheckpoint): Promise<ReadonlyMap<string, Uint8Array> | undefined> {
    const { attempt, checkpointId } = pending
    // One that was given up may still be asking.
    await pending.orEnded(this.#asked)
    if (pending.isEnded) return undefined
    const states = attempt.snapshotEnumerators(checkpointId)
    const asked = states.then(
      () => {},
      () => {},
    )
    this.#asked = asked
    try {
      const known = await pending.orEnded(states)
      if (!pending.isEnded) return known
    } catch (error) {
      attempt.releaseEnumerators()
      throw error
    }
    // They begin to hold messages back when their turn comes, which may be later.
    attempt.releaseEnumerators()
    void asked.then(() => attempt.releaseEnumerators())
    return undefined
  }
}
