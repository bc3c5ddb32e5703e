import type { CheckpointOptions } from '../protocol/messages.ts'

/** Those of checkpoints long over are forgotten. */
const KEPT_MAX = 64

/**
 * How each checkpoint is to be taken. A barrier may come through a channel before the message that says so: then whoever
 * asks waits.
 */
export class CheckpointOptionsBook {
  readonly #known = new Map<number, PromiseWithResolvers<CheckpointOptions>>()

  put(options: CheckpointOptions): void {
    this.#entry(options.checkpointId).resolve(options)
  }

  get(checkpointId: number): Promise<CheckpointOptions> {
    return this.#entry(checkpointId).promise
  }

  #entry(checkpointId: number): PromiseWithResolvers<CheckpointOptions> {
    let entry = this.#known.get(checkpointId)
    if (entry === undefined) {
      entry = Promise.withResolvers()
      this.#known.set(checkpointId, entry)
      if (this.#known.size > KEPT_MAX) this.#known.delete(this.#known.keys().next().value!)
    }
    return entry
  }
}
