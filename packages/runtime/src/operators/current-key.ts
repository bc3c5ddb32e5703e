import { assert } from '../base/assert.ts'
import type { KeyedStateBackend } from '../state/keyed-state-backend.ts'
import type { KeySelector } from './functions.ts'
import type { OperatorStates } from './generated-operator.ts'

/** By input; undefined for an input without a key. */
export type KeySelectors = readonly (KeySelector<unknown, unknown> | undefined)[]

/** How an operator makes the key of a record the current one. */
export interface CurrentKey {
  readonly parameters: Readonly<Record<string, unknown>>
  /** To stand before the text's functions. */
  readonly declaration: string
  /** The statement for the input at `position` (0 unless there are two); it may throw. */
  set(position?: number): string
  declareState?(states: OperatorStates): void
  /** Outside of a record no key is current. */
  clear(): void
}

const noKey: CurrentKey = { parameters: {}, declaration: '', set: () => '', clear: () => {} }

/** For a function that sees the key of each record: that of a keyed process operator. */
export function currentKeyOf(i: number, keySelectors: KeySelectors): CurrentKey {
  if (keySelectors.every((selector) => selector === undefined)) return noKey
  let backend: KeyedStateBackend | undefined
  // The states are there only after the text has been compiled, so the text keeps them in a variable, which costs what a
  // parameter costs.
  const slot = { bind: (_: KeyedStateBackend): void => {} }
  const named = keySelectors.map((selector, position) => [`keySelector${position}_`, selector] as const)
  return {
    parameters: { keySlot: slot, ...Object.fromEntries(named) },
    declaration: `
let keyed${i}
keySlot${i}.bind = (keyed) => { keyed${i} = keyed }`,
    set: (position = 0) =>
      keySelectors[position] === undefined
        ? // The key of an earlier record is none of this one's.
          `keyed${i}.clearCurrentKey(); `
        : `keyed${i}.setCurrentKey(keySelector${position}_${i}(value)); `,
    declareState({ keyed }) {
      assert(keyed !== undefined, () => 'a keyed operator has no keyed state')
      backend = keyed
      slot.bind(keyed)
    },
    clear: () => backend?.clearCurrentKey(),
  }
}

/** For a function that need not see keys: it pays for them only if it can have got states. */
export function currentKeyFor(fn: unknown, i: number, keySelectors: KeySelectors): CurrentKey {
  return canGetState(fn) ? currentKeyOf(i, keySelectors) : noKey
}

/** Whether a function has a method in which it can get states. */
export function canGetState(fn: unknown): boolean {
  return typeof fn === 'object' && fn !== null && ('open' in fn || 'initializeState' in fn)
}
