/** One thing that Flink was asked, and how our answer compares. */
export type CaseResult =
  | { readonly name: string; readonly outcome: 'agrees' }
  | { readonly name: string; readonly outcome: 'differs'; readonly differences: readonly Difference[] }
  | { readonly name: string; readonly outcome: 'differs-on-purpose'; readonly reason: string }

/** Where within a case, what Flink says, and what we say. */
export interface Difference {
  readonly place: string
  readonly expected: unknown
  readonly actual: unknown
}

/** A file that does not have the form it should have. The message names the place. */
export class FormError extends Error {
  override readonly name = 'FormError'
}

export function caseResult(name: string, differences: readonly Difference[]): CaseResult {
  return differences.length === 0 ? { name, outcome: 'agrees' } : { name, outcome: 'differs', differences }
}

/** Whether `actual` has everything that `expected` has; in `actual` there may be more. */
export function differencesBetween(expected: unknown, actual: unknown, place = ''): readonly Difference[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length)
    return Array.from({ length }, (_, i) => differencesBetween(expected[i], actual[i], `${place}[${i}]`)).flat()
  }
  if (isObject(expected) && isObject(actual)) {
    return Object.keys(expected).flatMap((name) =>
      differencesBetween(expected[name], actual[name], place === '' ? name : `${place}.${name}`),
    )
  }
  return Object.is(expected, actual) ? [] : [{ place, expected, actual }]
}

/** The lines that tell a person how the comparison went. */
export function reportLines(results: readonly CaseResult[]): readonly string[] {
  const compared = results.filter(({ outcome }) => outcome !== 'differs-on-purpose')
  const agreeing = results.filter(({ outcome }) => outcome === 'agrees')
  const lines = [`agree ${agreeing.length} of ${compared.length}`]
  const onPurpose = results.filter((result) => result.outcome === 'differs-on-purpose')
  if (onPurpose.length > 0) lines.push(`${onPurpose.length} more differ on purpose:`)
  for (const [reason, names] of groupByReason(onPurpose)) lines.push(`  ${reason}:`, `    ${names.join(', ')}`)
  for (const result of results) {
    if (result.outcome !== 'differs') continue
    lines.push(`${result.name} differs:`)
    for (const { place, expected, actual } of result.differences) {
      lines.push(`  at ${place}: Flink has ${show(expected)}, we have ${show(actual)}`)
    }
  }
  return lines
}

function groupByReason(
  results: readonly Extract<CaseResult, { outcome: 'differs-on-purpose' }>[],
): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { reason, name } of results) {
    const names = groups.get(reason)
    if (names === undefined) groups.set(reason, [name])
    else names.push(name)
  }
  return groups
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length <= 300 ? text : `${text.slice(0, 300)}...`
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
