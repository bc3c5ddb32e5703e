import { assert } from '../base/assert.ts'
import type { KeyedStateBackend, RecordState } from '../state/keyed-state-backend.ts'
import type { OperatorStates } from './generated-operator.ts'

/** Flink's name for the state of a rolling reduce or aggregation. */
const STATE_NAME = '_op_state'

type AggregatedField = Parameters<KeyedStateBackend['recordState']>[1]

/** The records that an operator of our own keeps by key, for its text: `places<i>` and `shapes<i>`. */
export interface GeneratedRecordState {
  readonly parameters: Readonly<Record<string, unknown>>
  /** To stand before the text's functions. */
  readonly declaration: string
  declareState(states: OperatorStates): void
}

/**
 * The state is there only after the text has been compiled, so the text keeps its two parts in variables, which cost what
 * parameters cost (bench: W2).
 */
export function recordStateOf(i: number, aggregated: AggregatedField): GeneratedRecordState {
  const slot = { bind: (_: RecordState): void => {} }
  return {
    parameters: { recordSlot: slot },
    declaration: `
let places${i}, shapes${i}
recordSlot${i}.bind = (state) => { places${i} = state.places; shapes${i} = state.shapes }`,
    declareState({ keyed }) {
      assert(keyed !== undefined, () => 'a keyed operator has no keyed state')
      slot.bind(keyed.recordState(STATE_NAME, aggregated))
    },
  }
}
