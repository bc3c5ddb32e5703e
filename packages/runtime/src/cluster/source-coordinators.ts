import { SourceCoordinator, type SourceCoordinatorParts } from './source-coordinator.ts'

/** The sources of one job, by vertex. */
export class SourceCoordinators {
  readonly #byVertex = new Map<number, SourceCoordinator>()
  #closing: Promise<void> | undefined

  constructor(sources: readonly SourceCoordinatorParts[]) {
    for (const parts of sources) this.#byVertex.set(parts.vertex.index, new SourceCoordinator(parts))
  }

  /** Starts one after the other, until one fails or all are closed. */
  async start(): Promise<void> {
    for (const source of this.#byVertex.values()) if (this.#closing === undefined) await source.start()
  }

  at(vertexIndex: number): SourceCoordinator | undefined {
    return this.#byVertex.get(vertexIndex)
  }

  /**
   * The states of all enumerators that keep any, by operator id. Their messages are held back until `release`. Settles when
   * all have answered, also if one fails: none begins to hold messages back later than that.
   */
  async snapshotState(checkpointId: number): Promise<ReadonlyMap<string, Uint8Array>> {
    const states = new Map<string, Uint8Array>()
    const results = await Promise.allSettled(
      [...this.#byVertex.values()].map(async (source) => {
        const state = await source.snapshotState(checkpointId)
        if (state !== undefined) states.set(source.operatorId, state)
      }),
    )
    throwFirst(results)
    return states
  }

  release(): void {
    for (const source of this.#byVertex.values()) source.release()
  }

  notifyCheckpointComplete(checkpointId: number): void {
    for (const source of this.#byVertex.values()) source.notifyCheckpointComplete(checkpointId)
  }

  /** Closes all, also when one cannot be closed; rejects with the first of what went wrong. */
  close(): Promise<void> {
    this.#closing ??= closeAll([...this.#byVertex.values()])
    return this.#closing
  }
}

async function closeAll(sources: readonly SourceCoordinator[]): Promise<void> {
  throwFirst(await Promise.allSettled(sources.map((source) => source.close())))
}

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
