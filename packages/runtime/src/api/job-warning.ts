import type { OperatorTransformation, Topology } from './topology.ts'

/** Something that works, but perhaps not as its author thinks. */
export interface JobWarning {
  readonly code: 'PARALLELISM_HAS_NO_EFFECT' | 'STATEFUL_WITHOUT_UID' | 'UNUSED_SOURCE' | 'CONFIGURATION'
  readonly message: string
  /** The operators it is about, by name, in order. */
  readonly operators: readonly string[]
}

/** If every operator fixes its own parallelism, `-p` changes nothing. */
export function parallelismHasNoEffect(
  operators: readonly OperatorTransformation[],
  parallelism: number | undefined,
): JobWarning | undefined {
  if (parallelism === undefined) return undefined
  if (operators.some(({ settings }) => settings.parallelism === undefined && !settings.nonParallel)) return undefined
  const fixed = operators.filter(({ settings }) => settings.parallelism !== parallelism)
  if (fixed.length === 0) return undefined
  const list = fixed.map(({ settings }) => `"${settings.name}" (${settings.parallelism ?? 1})`).join(', ')
  return {
    code: 'PARALLELISM_HAS_NO_EFFECT',
    message: `-p ${parallelism} changes nothing, because every operator fixes its own parallelism: ${list}`,
    operators: fixed.map(({ settings }) => settings.name),
  }
}

const namedMax = 3

/** One line for all operators with keyed state whose identity follows from their position only. */
export function statefulWithoutUid(operators: readonly OperatorTransformation[]): JobWarning | undefined {
  const affected = operators.filter(
    (each) => (each.kind === 'one-input' || each.kind === 'two-input') && each.keyed && each.settings.uid === undefined,
  )
  if (affected.length === 0) return undefined
  const names = affected.map(({ settings }) => settings.name)
  const shown = names.slice(0, namedMax).map((name) => `"${name}"`)
  const more = names.length > namedMax ? `, and ${names.length - namedMax} more` : ''
  return {
    code: 'STATEFUL_WITHOUT_UID',
    message: `Stateful without .uid('...'): ${shown.join(', ')}${more}; once the job changes, savepoints may not fit`,
    operators: names,
  }
}

/** Flink runs what operators read; a source that nobody reads is not part of the job. */
export function unusedSource(topology: Topology, used: ReadonlySet<OperatorTransformation>): JobWarning | undefined {
  const unused = topology.sources.filter((source) => !used.has(source))
  if (unused.length === 0) return undefined
  const names = unused.map(({ settings }) => settings.name)
  return {
    code: 'UNUSED_SOURCE',
    message: `Nothing reads ${names.map((name) => `"${name}"`).join(', ')}: not part of the job`,
    operators: names,
  }
}
