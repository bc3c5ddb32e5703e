import type { Committer, Sink, SinkWriter } from '@millrace/runtime/connector'

interface Committable<T> {
  readonly id: number
  readonly records: readonly T[]
}

/** Output that becomes visible when a checkpoint is complete; a commit that is repeated does nothing. */
export class CommittedSink<T> implements Sink<T> {
  readonly committed: T[] = []
  readonly #known = new Set<number>()
  #ids = 0

  createWriter(): SinkWriter<T> {
    let written: T[] = []
    return {
      write: (record) => void written.push(record),
      prepareCommit: () => {
        if (written.length === 0) return []
        const records = written
        written = []
        return [{ id: this.#ids++, records } satisfies Committable<T>]
      },
    }
  }

  createCommitter(): Committer {
    return {
      commit: (committables) => {
        for (const { id, records } of committables as readonly Committable<T>[]) {
          if (this.#known.has(id)) continue
          this.#known.add(id)
          this.committed.push(...records)
        }
      },
    }
  }
}
