import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyGroupRangeForSubtask } from '../keys/key-group-range.ts'
import { redistributeOperator } from './redistribute.ts'
import type {
  KeyedStateHandle,
  ListShare,
  ListStateHandle,
  ListStateMode,
  OperatorRestore,
  OperatorState,
} from './snapshot.ts'

/** Each key group's one byte is its number; empty key groups have no block. */
function keyedHandle(keyGroups: readonly number[], isInline: boolean): KeyedStateHandle {
  return {
    location: isInline ? { kind: 'inline', bytes: Uint8Array.from(keyGroups) } : { kind: 'file', path: 'data' },
    states: [],
    keyGroups: keyGroups.map((keyGroup, offset) => ({
      keyGroup,
      keyCounts: [],
      offset,
      length: 1,
      checksum: keyGroup,
    })),
  }
}

function listHandle(mode: ListStateMode, subtaskIndex: number, itemCount: number): ListStateHandle {
  return {
    name: mode,
    mode,
    type: { kind: 'generic' },
    isDeclared: false,
    location: { kind: 'file', path: `data-${subtaskIndex}` },
    block: { offset: 0, length: 0, checksum: 0 },
    itemCount,
  }
}

/** `itemCounts`, by subtask; a subtask without items has no handle. */
function operatorState(
  maxParallelism: number,
  itemCounts: readonly number[],
  options: { readonly isEmpty?: (keyGroup: number) => boolean; readonly isInline?: boolean } = {},
): OperatorState {
  const parallelism = itemCounts.length
  return {
    operatorId: 'a'.repeat(32),
    uid: undefined,
    name: 'sample',
    parallelism,
    maxParallelism,
    coordinator: undefined,
    subtasks: itemCounts.map((itemCount, i) => {
      const { start, end } = keyGroupRangeForSubtask(i, maxParallelism, parallelism)
      const range = Array.from({ length: end - start + 1 }, (_, k) => start + k)
      const keyGroups = range.filter((keyGroup) => options.isEmpty?.(keyGroup) !== true)
      return {
        isFinished: false,
        hasEndedInput: false,
        keyed: keyGroups.length === 0 ? undefined : keyedHandle(keyGroups, options.isInline === true),
        lists: [
          ...(itemCount === 0 ? [] : [listHandle('split', i, itemCount), listHandle('union', i, itemCount)]),
          listHandle('broadcast', i, 3),
        ],
      }
    }),
  }
}

/** `subtask:item` of what the shares of one mode name. */
function itemsOf({ lists }: OperatorRestore, mode: ListStateMode): readonly string[] {
  return lists.filter(({ handle }) => handle.mode === mode).flatMap(itemsOfShare)
}

function itemsOfShare({ handle, first, step }: ListShare): readonly string[] {
  const items: string[] = []
  const path = handle.location.kind === 'file' ? handle.location.path.slice('data-'.length) : ''
  for (let i = first; i < handle.itemCount; i += step) items.push(`${path}:${i}`)
  return items
}

const scales = fc.integer({ min: 1, max: 64 }).chain((maxParallelism) =>
  fc.record({
    maxParallelism: fc.constant(maxParallelism),
    itemCounts: fc.array(fc.nat(20), { minLength: 1, maxLength: maxParallelism }),
    q: fc.integer({ min: 1, max: maxParallelism }),
  }),
)

test('each key group that is not empty goes to the one subtask that owns it, with its bytes', () => {
  fc.assert(
    fc.property(scales, fc.boolean(), fc.func(fc.boolean()), ({ maxParallelism, itemCounts, q }, isInline, isEmpty) => {
      const state = operatorState(maxParallelism, itemCounts, { isInline, isEmpty })
      const restores = redistributeOperator(state, q, maxParallelism)
      expect(restores.length).toBe(q)
      for (const [index, { keyed }] of restores.entries()) {
        const { start, end } = keyGroupRangeForSubtask(index, maxParallelism, q)
        const expected = Array.from({ length: end - start + 1 }, (_, k) => start + k).filter((group) => !isEmpty(group))
        expect(keyed.flatMap(({ keyGroups }) => keyGroups.map(({ keyGroup }) => keyGroup))).toEqual(expected)
        for (const { location, keyGroups } of keyed) {
          if (location.kind === 'inline') {
            const bytes = keyGroups.map(({ offset, length }) => [...location.bytes.subarray(offset, offset + length)])
            expect(bytes).toEqual(keyGroups.map(({ keyGroup }) => [keyGroup]))
            expect(location.bytes.length).toBe(keyGroups.length)
          }
        }
      }
    }),
  )
})

test('split items are dealt round-robin, each to one subtask, in order; at the same parallelism each keeps its own', () => {
  fc.assert(
    fc.property(scales, ({ maxParallelism, itemCounts, q }) => {
      const restores = redistributeOperator(operatorState(maxParallelism, itemCounts), q, maxParallelism)
      const dealt = restores.map((restore) => itemsOf(restore, 'split'))
      const all = itemCounts.flatMap((count, i) => Array.from({ length: count }, (_, item) => ({ i, item })))
      const expected = Array.from({ length: q }, (_, index) =>
        all
          .filter(({ i }, turn) => (q === itemCounts.length ? i : turn % q) === index)
          .map(({ i, item }) => `${i}:${item}`),
      )
      expect(dealt).toEqual(expected)
    }),
  )
})

test('every subtask gets all union items in order, and the broadcast state of one subtask that was', () => {
  fc.assert(
    fc.property(scales, ({ maxParallelism, itemCounts, q }) => {
      const restores = redistributeOperator(operatorState(maxParallelism, itemCounts), q, maxParallelism)
      const all = itemCounts.flatMap((count, i) => Array.from({ length: count }, (_, item) => `${i}:${item}`))
      for (const [index, restore] of restores.entries()) {
        const from = index % itemCounts.length
        expect(itemsOf(restore, 'union')).toEqual(all)
        expect(itemsOf(restore, 'broadcast')).toEqual([`${from}:0`, `${from}:1`, `${from}:2`])
      }
    }),
  )
})

test('a parallelism above the maximum, and another max parallelism, are refused with the numbers', () => {
  const state = operatorState(128, [1, 1])
  expect(() => redistributeOperator(state, 129, 128)).toThrow(
    'Cannot restore the state of operator "sample" at parallelism 129: its max parallelism is 128. Choose a parallelism of at most 128.',
  )
  expect(() => redistributeOperator(state, 3, 256)).toThrow(
    'Cannot restore the state of operator "sample" at parallelism 3: its keys are in 128 key groups, and the job has 256. Set the max parallelism to 128, or leave it unset.',
  )
  const keyless = operatorState(128, [1, 1], { isEmpty: () => true })
  expect(redistributeOperator(keyless, 3, 256).map(({ keyed }) => keyed)).toEqual([[], [], []])
})
