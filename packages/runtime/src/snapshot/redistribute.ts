import { subtaskIndexForKeyGroup } from '../keys/key-group.ts'
import type {
  KeyedStateHandle,
  KeyGroupBlock,
  ListShare,
  ListStateHandle,
  OperatorRestore,
  OperatorState,
} from './snapshot.ts'
import { SnapshotError } from './snapshot-error.ts'

/**
 * What each subtask of an operator gets when its state is read at another parallelism, or at the same: by new subtask.
 * Nothing is read; handles are cut.
 *
 * - Key groups go to the subtask that owns them.
 * - `split`: the items of all subtasks, in order, are dealt round-robin. At the same parallelism each keeps its own, as in
 *   Flink.
 * - `union`: each gets the items of all, in order.
 * - `broadcast`: all had the same; subtask i gets that of subtask i modulo their number.
 */
export function redistributeOperator(
  state: OperatorState,
  parallelism: number,
  maxParallelism: number,
): readonly OperatorRestore[] {
  checkFit(state, parallelism, maxParallelism)
  const keyed = redistributeKeyed(state, parallelism, maxParallelism)
  const lists = redistributeLists(state, parallelism)
  return keyed.map((handles, i) => ({ keyed: handles, lists: lists[i]! }))
}

function checkFit(state: OperatorState, parallelism: number, maxParallelism: number): void {
  const facts = { operatorId: state.operatorId, parallelism, maxParallelism }
  const attempt = `Cannot restore the state of operator "${state.name}" at parallelism ${parallelism}`
  if (parallelism > maxParallelism) {
    throw new SnapshotError(
      'SNAPSHOT_MISMATCH',
      `${attempt}: its max parallelism is ${maxParallelism}. Choose a parallelism of at most ${maxParallelism}.`,
      facts,
    )
  }
  const isKeyed = state.subtasks.some(({ keyed }) => keyed !== undefined && keyed.keyGroups.length > 0)
  if (isKeyed && maxParallelism !== state.maxParallelism) {
    throw new SnapshotError(
      'SNAPSHOT_MISMATCH',
      `${attempt}: its keys are in ${state.maxParallelism} key groups, and the job has ${maxParallelism}. Set the max parallelism to ${state.maxParallelism}, or leave it unset.`,
      { ...facts, snapshotMaxParallelism: state.maxParallelism },
    )
  }
}

function redistributeKeyed(
  { subtasks }: OperatorState,
  parallelism: number,
  maxParallelism: number,
): readonly (readonly KeyedStateHandle[])[] {
  const bySubtask: KeyedStateHandle[][] = Array.from({ length: parallelism }, () => [])
  for (const { keyed } of subtasks) {
    if (keyed === undefined) continue
    const blocksBySubtask = new Map<number, KeyGroupBlock[]>()
    for (const block of keyed.keyGroups) {
      const index = subtaskIndexForKeyGroup(block.keyGroup, maxParallelism, parallelism)
      const blocks = blocksBySubtask.get(index)
      if (blocks === undefined) blocksBySubtask.set(index, [block])
      else blocks.push(block)
    }
    for (const [index, blocks] of blocksBySubtask) bySubtask[index]!.push(cut(keyed, blocks))
  }
  return bySubtask
}

function cut(handle: KeyedStateHandle, keyGroups: readonly KeyGroupBlock[]): KeyedStateHandle {
  const { location } = handle
  if (keyGroups.length === handle.keyGroups.length) return handle
  if (location.kind === 'file') return { ...handle, keyGroups }
  // Bytes within the handle travel with it: a subtask gets only its own.
  const bytes = new Uint8Array(keyGroups.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  const moved = keyGroups.map((block) => {
    const { offset, length } = block
    bytes.set(location.bytes.subarray(offset, offset + length), at)
    at += length
    return { ...block, offset: at - length }
  })
  return { ...handle, location: { kind: 'inline', bytes }, keyGroups: moved }
}

function redistributeLists(state: OperatorState, parallelism: number): readonly (readonly ListShare[])[] {
  const bySubtask: ListShare[][] = Array.from({ length: parallelism }, () => [])
  const names = new Set(state.subtasks.flatMap(({ lists }) => lists.map(({ name }) => name)))
  for (const name of names) {
    const handles = state.subtasks.map(({ lists }) => lists.find((list) => list.name === name))
    const present = handles.filter((handle) => handle !== undefined)
    const { mode } = present[0]!
    if (mode === 'split' && parallelism === state.parallelism) {
      for (const [i, handle] of handles.entries()) if (handle !== undefined) bySubtask[i]!.push(all(handle))
    } else if (mode === 'split') {
      deal(present, bySubtask)
    } else {
      for (const [i, shares] of bySubtask.entries()) {
        shares.push(...(mode === 'union' ? present.map(all) : [all(present[i % present.length]!)]))
      }
    }
  }
  return bySubtask
}

function deal(handles: readonly ListStateHandle[], bySubtask: readonly ListShare[][]): void {
  const step = bySubtask.length
  /** Whose turn it is. */
  let turn = 0
  for (const handle of handles) {
    for (let first = 0; first < Math.min(step, handle.itemCount); first++) {
      bySubtask[(turn + first) % step]!.push({ handle, first, step })
    }
    turn = (turn + handle.itemCount) % step
  }
}

function all(handle: ListStateHandle): ListShare {
  return { handle, first: 0, step: 1 }
}
