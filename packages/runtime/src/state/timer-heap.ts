/** A timer of one key. `index` is its place in the heap; -1 once it is out of it. */
export interface Timer {
  /** In canonical form. */
  readonly key: unknown
  readonly timestampMs: number
  /** In order of registration. */
  readonly sequence: number
  index: number
}

/** Timers with the earliest first, and among equal timestamps the first that was registered. */
export class TimerHeap {
  readonly #timers: Timer[] = []

  get size(): number {
    return this.#timers.length
  }

  peek(): Timer | undefined {
    return this.#timers[0]
  }

  add(timer: Timer): void {
    this.#timers.push(timer)
    this.#moveUp(timer, this.#timers.length - 1)
  }

  /** In logarithmic time, wherever it stands. */
  remove(timer: Timer): void {
    const { index } = timer
    const last = this.#timers.pop()!
    timer.index = -1
    if (last === timer) return
    this.#moveUp(last, index)
    this.#moveDown(last, last.index)
  }

  clear(): void {
    this.#timers.length = 0
  }

  #moveUp(timer: Timer, from: number): void {
    const timers = this.#timers
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = timers[above]!
      if (!isBefore(timer, parent)) break
      timers[index] = parent
      parent.index = index
      index = above
    }
    timers[index] = timer
    timer.index = index
  }

  #moveDown(timer: Timer, from: number): void {
    const timers = this.#timers
    const { length } = timers
    let index = from
    for (;;) {
      let below = index * 2 + 1
      if (below >= length) break
      if (below + 1 < length && isBefore(timers[below + 1]!, timers[below]!)) below++
      const child = timers[below]!
      if (!isBefore(child, timer)) break
      timers[index] = child
      child.index = index
      index = below
    }
    timers[index] = timer
    timer.index = index
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.timestampMs < b.timestampMs || (a.timestampMs === b.timestampMs && a.sequence < b.sequence)
}
