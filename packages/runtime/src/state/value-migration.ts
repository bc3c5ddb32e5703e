import type { TypeDescription } from '../record/type-description.ts'
import { typeName } from '../record/type-description.ts'
import type { TypeRegistry } from '../record/type-registry.ts'
import { StateError } from './state-error.ts'
import { type FieldDefaults, typeEvolution, ValueEvolution } from './type-evolution.ts'

/** What was restored of a state, and what its descriptor says now. */
export interface StateTypeChange {
  readonly state: string
  readonly operator: string
  readonly from: TypeDescription
  readonly isFromDeclared: boolean
  readonly to: TypeDescription
  readonly fieldDefaults: FieldDefaults | undefined
  readonly migrate: ((old: unknown) => unknown) | undefined
}

/**
 * What makes present values of restored ones; undefined if they stay as they are. It throws, and so does this, StateError
 * `STATE_TYPE_CHANGED` or `MIGRATION_FAILED`.
 */
export function valueMigration(
  change: StateTypeChange,
  registry: TypeRegistry | undefined,
): ((old: unknown) => unknown) | undefined {
  const { migrate, to } = change
  const evolution = typeEvolution(change.from, change.isFromDeclared, to, change.fieldDefaults)
  if (evolution === 'same') return undefined
  const values = new ValueEvolution(to, change.fieldDefaults, registry)
  const migrated = (old: unknown): unknown => {
    let value: unknown
    try {
      value = migrate!(old)
    } catch (cause) {
      throw migrationFailed(change, 'threw', { cause })
    }
    if (!values.isOfType(value)) throw migrationFailed(change, 'answered a value of another type')
    return value
  }
  if (evolution === 'incompatible') {
    if (migrate === undefined) throw typeChanged(change)
    return migrated
  }
  return (old) => {
    const evolved = values.evolve(old)
    if (evolved !== undefined) return evolved.value
    if (migrate === undefined) throw typeChanged(change)
    return migrated(old)
  }
}

export function typeChanged({ state, operator, from, to }: StateTypeChange): StateError {
  const [restored, declared] = [typeName(from), typeName(to)]
  return new StateError(
    'STATE_TYPE_CHANGED',
    `Cannot restore state "${state}" of operator "${operator}": its values are ${restored}, and ${declared} is declared now. ` +
      'Give the descriptor a `migrate` function, give added fields a value in `fieldDefaults`, or choose another name for the state.',
    { state, operator, restored, declared },
  )
}

function migrationFailed(
  { state, operator, from, to }: StateTypeChange,
  what: string,
  cause?: ErrorOptions,
): StateError {
  return new StateError(
    'MIGRATION_FAILED',
    `Cannot restore state "${state}" of operator "${operator}": its \`migrate\` from ${typeName(from)} to ${typeName(to)} ${what}`,
    { state, operator, restored: typeName(from), declared: typeName(to) },
    cause,
  )
}
