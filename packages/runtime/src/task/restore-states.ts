import type { OperatorStates } from '../operators/generated-operator.ts'
import { NO_RECORD } from '../operators/operator-failure.ts'
import type { SubtaskRestore } from '../snapshot/snapshot.ts'
import { createBlockReaders } from '../snapshot/snapshot-reader.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import type { Chain } from './chain.ts'

/**
 * Reads a subtask's part of a snapshot into the states of its operators. `pause` is awaited between pieces of work; it
 * rejects when the subtask is being canceled.
 */
export async function restoreStates(
  restore: SubtaskRestore,
  parts: {
    readonly chain: Chain
    readonly states: readonly OperatorStates[]
    readonly storage: SnapshotStorage
    readonly pause: () => Promise<void>
  },
): Promise<void> {
  const { chain, states, storage, pause } = parts
  const { readBlock, readItems } = createBlockReaders(storage, restore.directory)
  for (const [i, operator] of restore.operators.entries()) {
    if (operator === undefined) continue
    const { keyed, operator: operatorState } = states[i]!
    await pause()
    try {
      await keyed?.restore(operator.keyed, readBlock, pause)
      await operatorState.restore(operator.lists, readItems)
    } catch (error) {
      chain.outputs[i]!.fail(NO_RECORD, error)
    }
  }
}
