/** The seam for time. Nothing outside its implementations reads a clock or sets a timer. */
export interface Clock {
  /** Milliseconds since the epoch, as users see it. May jump. */
  now(): number
  /** Milliseconds from an arbitrary origin; never runs backwards. For durations and deadlines. */
  monotonicMs(): number
  /** Calls `callback` once, not before `delayMs` milliseconds have passed. Returns its cancellation. */
  schedule(delayMs: number, callback: () => void): () => void
}

/**
 * The machine's own clock.
 *
 * @example
 * const clock = new SystemClock()
 * const before = clock.monotonicMs()
 * clock.monotonicMs() >= before // -> true
 */
export class SystemClock implements Clock {
  now(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  }
}
