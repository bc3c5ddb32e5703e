import type { OperatorState } from '../snapshot/snapshot.ts'

/** What an operator of a snapshot keeps, for decisions and messages. */
export interface OperatorStateSummary {
  readonly hasKeyedState: boolean
  /** Each with its kind, e.g. `"sums" (value)`; only those that are not empty. */
  readonly states: readonly string[]
  readonly bytes: number
}

/** An operator of which nothing is kept has no states and 0 bytes. */
export function summarizeOperatorState({ coordinator, subtasks }: OperatorState): OperatorStateSummary {
  const states = new Set<string>()
  let hasKeyedState = false
  let bytes = 0
  if (coordinator !== undefined) {
    states.add('splits of the enumerator')
    bytes += coordinator.length
  }
  for (const { keyed, lists } of subtasks) {
    for (const { length, keyCounts } of keyed?.keyGroups ?? []) {
      hasKeyedState = true
      bytes += length
      keyCounts.forEach((count, index) => {
        const state = keyed?.states[index]
        if (count > 0 && state !== undefined) states.add(`"${state.name}" (${state.kind})`)
      })
    }
    for (const { name, mode, block, itemCount } of lists) {
      if (itemCount === 0) continue
      states.add(`"${name}" (${mode === 'broadcast' ? mode : `${mode} list`})`)
      bytes += block.length
    }
  }
  return { hasKeyedState, states: [...states], bytes }
}

/** Whether anything is kept of the operator. */
export function hasState(summary: OperatorStateSummary): boolean {
  return summary.hasKeyedState || summary.states.length > 0
}

/** E.g. `operator "Count" (uid "counts")`. */
export function operatorInWords({
  id,
  uid,
  name,
}: {
  readonly id: string
  readonly uid: string | undefined
  readonly name: string
}): string {
  return `operator "${name}" (${uid === undefined ? `no uid, id ${id}` : `uid "${uid}"`})`
}
