/** The rows that are sent together, in order. Of rows with one key only the last is kept. */
export class Batch<Row> {
  /** By key, or by number where rows have none. */
  readonly #rows = new Map<string | number, Row>()
  #bytes = 0

  get size(): number {
    return this.#rows.size
  }

  /** Of all rows that were added: an upper bound for those that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** Without a `key` the row is kept whatever follows. */
  add(row: Row, bytes: number, key?: string): void {
    this.#bytes += bytes
    this.#rows.set(key ?? this.#rows.size, row)
  }

  rows(): readonly Row[] {
    return [...this.#rows.values()]
  }
}
