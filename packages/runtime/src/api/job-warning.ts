import { unreachable } from '../base/assert.ts'
import { canGetState } from '../operators/current-key.ts'
import type { OperatorDefinition } from '../operators/operator.ts'
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

/**
 * One line for all operators with state whose identity follows from their position only.
 *
 * @param takesCheckpoints - whether the job does by itself: a bounded source then has a position worth keeping.
 */
export function statefulWithoutUid(
  operators: readonly OperatorTransformation[],
  takesCheckpoints: boolean,
): JobWarning | undefined {
  const affected = operators.filter(
    ({ operator, settings }) => settings.uid === undefined && keepsState(operator, takesCheckpoints),
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

/** Whether an operator keeps anything in snapshots, as far as that can be seen before it runs. */
function keepsState(operator: OperatorDefinition, takesCheckpoints: boolean): boolean {
  switch (operator.kind) {
    case 'reduce':
    case 'rolling-aggregate':
      return true
    case 'source':
      // A bounded one may never be asked where it is: it would be named for every small job.
      return (
        operator.source.restoreEnumerator !== undefined &&
        (takesCheckpoints || operator.source.boundedness === 'continuous-unbounded')
      )
    case 'sink':
      return operator.sink.createCommitter !== undefined || operator.sink.restoreWriter !== undefined
    case 'map':
    case 'filter':
    case 'flat-map':
      return isCheckpointed(operator.fn) || (operator.keySelector !== undefined && canGetState(operator.fn))
    case 'process':
      return isCheckpointed(operator.fn) || (operator.keySelector !== undefined && canGetStateOrTimers(operator.fn))
    case 'co-map':
    case 'co-flat-map':
      return isCheckpointed(operator.fn) || (operator.keySelector1 !== undefined && canGetState(operator.fn))
    case 'co-process':
      return (
        operator.broadcastStates !== undefined ||
        isCheckpointed(operator.fn) ||
        (operator.keySelector1 !== undefined && canGetStateOrTimers(operator.fn))
      )
    case 'collect':
    case 'identity':
      return false
    default:
      return unreachable(operator)
  }
}

function isCheckpointed(fn: unknown): boolean {
  return typeof fn === 'object' && fn !== null && 'initializeState' in fn
}

function canGetStateOrTimers(fn: unknown): boolean {
  return canGetState(fn) || (typeof fn === 'object' && fn !== null && 'onTimer' in fn)
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
