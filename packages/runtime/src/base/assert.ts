/** A broken invariant: a bug of ours, never the user's. Assertions stay on in production. */
export class AssertionError extends Error {
  override readonly name: string = 'AssertionError'
}

/** Throws {@link AssertionError} unless `condition` holds. The message is only built when it fails. */
export function assert(condition: unknown, message: () => string): asserts condition {
  if (!condition) throw new AssertionError(`Bug in Millrace: ${message()}`)
}

/** For the `default` of a switch over a tagged union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`Bug in Millrace: unexpected value ${JSON.stringify(value)}`)
}
