/** What no sound run shows: something was lost, doubled, out of order, or owned twice. */
export class FaultViolation extends Error {
  override readonly name: string = 'FaultViolation'
}

const SHOWN_MAX = 5

/** Throws if there are any. */
export function expectNone(what: string, violations: readonly string[]): void {
  if (violations.length === 0) return
  const shown = violations.slice(0, SHOWN_MAX).join('\n  ')
  const more = violations.length > SHOWN_MAX ? `\n  and ${violations.length - SHOWN_MAX} more` : ''
  throw new FaultViolation(`${what}:\n  ${shown}${more}`)
}
