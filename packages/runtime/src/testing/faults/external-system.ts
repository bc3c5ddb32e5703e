/** A record with the transaction that made it visible. */
export interface CommittedRecord<T> {
  readonly transaction: number
  readonly record: T
}

/** A record as it came to a writer, committed or not. */
export interface SeenRecord<T> {
  /** One more with each attempt of each job. */
  readonly generation: number
  readonly subtaskIndex: number
  readonly record: T
}

interface Transaction<T> {
  readonly generation: number
  readonly subtaskIndex: number
  readonly records: T[]
  state: 'open' | 'prepared' | 'committed' | 'aborted'
  /** The checkpoint that it belongs to, once that is known. */
  checkpointId: number | undefined
}

/**
 * A transactional system outside of the jobs, which survives their attempts: records are visible when their transaction has
 * been committed. Keeps a list of what no sound job does to it.
 */
export class ExternalSystem<T> {
  readonly #transactions: Transaction<T>[] = []
  readonly #committed: CommittedRecord<T>[] = []
  readonly #seen: SeenRecord<T>[] = []
  readonly #violations: string[] = []
  #generation = 0
  #run = 0
  #attempt = -1

  /** What is visible, in the order in which it became so. */
  get committed(): readonly CommittedRecord<T>[] {
    return this.#committed
  }

  get seen(): readonly SeenRecord<T>[] {
    return this.#seen
  }

  get violations(): readonly string[] {
    return this.#violations
  }

  /**
   * A writer of an attempt connects. The first of it takes over: transactions of earlier attempts that the restored
   * checkpoint cannot know are aborted. Answers the generation to begin transactions with. What is left of an earlier attempt
   * changes nothing: here promises outlive the thread that they would have died with.
   */
  connect(run: number, attempt: number, restoredCheckpointId: number | undefined): number {
    if (run < this.#run || (run === this.#run && attempt <= this.#attempt)) return this.#generation
    this.#run = run
    this.#attempt = attempt
    for (const transaction of this.#transactions) {
      const { state, checkpointId } = transaction
      const isKnown = state === 'prepared' && (checkpointId ?? 0) <= (restoredCheckpointId ?? -1)
      if ((state === 'open' || state === 'prepared') && !isKnown) transaction.state = 'aborted'
    }
    return ++this.#generation
  }

  begin(generation: number, subtaskIndex: number): number {
    const transaction = { generation, subtaskIndex, records: [], state: 'open' as const, checkpointId: undefined }
    return this.#transactions.push(transaction) - 1
  }

  write(id: number, record: T): void {
    const transaction = this.#expect(id, 'written to', 'open')
    if (transaction === undefined) return
    transaction.records.push(record)
    const { generation, subtaskIndex } = transaction
    this.#seen.push({ generation, subtaskIndex, record })
  }

  /** From now on it can be committed, also by others. */
  prepare(id: number): void {
    const transaction = this.#expect(id, 'prepared', 'open')
    if (transaction !== undefined) transaction.state = 'prepared'
  }

  /** Says which checkpoint a prepared transaction belongs to. */
  assign(id: number, checkpointId: number): void {
    const transaction = this.#transactions[id]
    if (transaction !== undefined) transaction.checkpointId ??= checkpointId
  }

  /** Makes its records visible. To commit again changes nothing. */
  commit(id: number): void {
    if (this.#transactions[id]?.state === 'committed') return
    const transaction = this.#expect(id, 'committed', 'prepared')
    if (transaction === undefined) return
    transaction.state = 'committed'
    for (const record of transaction.records) this.#committed.push({ transaction: id, record })
  }

  /** Gives up what a writer has begun. */
  abort(id: number): void {
    const transaction = this.#transactions[id]
    if (transaction?.state === 'open') transaction.state = 'aborted'
  }

  #expect(id: number, action: string, state: Transaction<T>['state']): Transaction<T> | undefined {
    const transaction = this.#transactions[id]
    if (transaction?.state === state) return transaction
    const what = transaction === undefined ? 'unknown' : `${transaction.state}, checkpoint ${transaction.checkpointId}`
    this.#violations.push(`Transaction ${id} (${what}) was ${action}`)
    return undefined
  }
}
