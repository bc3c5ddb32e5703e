/** A transaction that was aborted: its records begin at `firstOffset` and end at its marker. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: number
}

/**
 * Which batches of a fetched range belong to aborted transactions. A broker lists those that reach into the range; they may
 * interleave, and the same producer may abort several in a row, so each begins at its first offset and ends at its marker.
 * Batches are shown in the order of the log.
 */
export class AbortedTransactions {
  readonly #sorted: readonly AbortedTransaction[]
  readonly #open: Set<number> = new Set<number>()
  #next = 0

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#sorted = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether a batch with records of `producerId`, ending at `lastOffset`, is aborted. */
  isAborted(producerId: number, lastOffset: number): boolean {
    this.#openUntil(lastOffset)
    return this.#open.has(producerId)
  }

  /** An abort marker of `producerId` at `offset`. */
  end(producerId: number, offset: number): void {
    this.#openUntil(offset)
    this.#open.delete(producerId)
  }

  #openUntil(offset: number): void {
    while (this.#next < this.#sorted.length && this.#sorted[this.#next]!.firstOffset <= offset) {
      this.#open.add(this.#sorted[this.#next++]!.producerId)
    }
  }
}
