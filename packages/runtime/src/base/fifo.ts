/** Below this many taken items the array is left as it is. */
const COMPACT_ABOVE = 64

/**
 * A queue whose ends cost the same however long it is. `Array#shift` moves all that is left, so draining a long array
 * by it takes quadratic time. Its user bounds it.
 */
export class Fifo<T> {
  readonly #items: (T | undefined)[] = []
  /** Position of the first item. */
  #first = 0

  get length(): number {
    return this.#items.length - this.#first
  }

  put(item: T): void {
    this.#items.push(item)
  }

  /** The oldest item, removed. The caller has looked at `length`: an empty queue answers undefined. */
  take(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#first]
    this.#items[this.#first++] = undefined
    if (this.#first > COMPACT_ABOVE && this.#first * 2 >= this.#items.length) {
      this.#items.splice(0, this.#first)
      this.#first = 0
    }
    return item
  }

  clear(): void {
    this.#items.length = 0
    this.#first = 0
  }
}
