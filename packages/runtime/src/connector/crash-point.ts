/** The places at which a crash would be hardest to get right. */
export type CrashPoint =
  /** A sink's transactions belong to a complete checkpoint, and none of them is committed yet. */
  | 'sink-precommitted'
  /** A transaction is committed, and nobody has noted it. */
  | 'sink-committed'

/** Where tests put their function: a symbol of the process, since jobs are bundled apart from us. */
const hook = Symbol.for('millrace.crash-point')

/**
 * Does nothing, unless a test has put a function where this looks for one: that may end the process there and then. Jobs under
 * test do so in each of their threads, so that a crash happens exactly here instead of near here.
 *
 * @example
 * reachCrashPoint('sink-precommitted') // -> undefined
 */
export function reachCrashPoint(point: CrashPoint): void {
  const atPoint: unknown = Reflect.get(globalThis, hook)
  if (typeof atPoint === 'function') atPoint(point)
}
