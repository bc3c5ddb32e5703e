import { describe, expect, test } from 'vitest'
import { Types } from '../record/types.ts'
import type { ListShare } from '../snapshot/snapshot.ts'
import type { ListStateBytes } from '../snapshot/state-bytes.ts'
import { HeapOperatorStateBackend } from './heap-operator-state-backend.ts'
import { ListStateDescriptor, MapStateDescriptor } from './state-descriptor.ts'
import { StateTtlConfig } from './state-ttl-config.ts'

const backend = (subtaskIndex = 0): HeapOperatorStateBackend =>
  new HeapOperatorStateBackend({ operatorName: 'Buffer', registry: undefined, subtaskIndex })

/** A backend that starts from what another one kept: of split state every second item. */
async function restored(lists: readonly ListStateBytes[], subtaskIndex = 0): Promise<HeapOperatorStateBackend> {
  const next = backend(subtaskIndex)
  const items = new Map<ListShare, readonly Uint8Array[]>()
  for (const { items: all, ...list } of lists) {
    const block = { offset: 0, length: 0, checksum: 0 }
    const location = { kind: 'inline', bytes: new Uint8Array() } as const
    const [first, step] = list.mode === 'split' ? [1, 2] : [0, 1]
    const share = { handle: { ...list, location, block, itemCount: all.length }, first, step }
    items.set(
      share,
      all.filter((_, i) => i % step === first % step),
    )
  }
  await next.restore([...items.keys()], async (share) => items.get(share)!)
  return next
}

const numbers = new ListStateDescriptor<number>('numbers')
const offsets = new ListStateDescriptor<{ offset: number }>('offsets')
const rules = new MapStateDescriptor<unknown, { limit: number }>('rules')

function filled(): HeapOperatorStateBackend {
  const first = backend()
  first.listState(numbers).addAll([1, 2, 3, 4])
  first.unionListState(offsets).add({ offset: 7 })
  const broadcast = first.broadcastState(rules)
  broadcast.put(['eu', 1], { limit: 1 })
  broadcast.putAll([
    ['b', { limit: 2 }],
    ['c', { limit: 3 }],
    [['eu', 1], { limit: 4 }],
  ])
  broadcast.remove('c')
  return first
}

describe('Operator state', () => {
  test('is restored from the shares that a subtask gets', async () => {
    const next = await restored(filled().snapshot())
    expect(next.listState(numbers).get()).toEqual([2, 4])
    expect(next.unionListState(offsets).get()).toEqual([{ offset: 7 }])
    const broadcast = next.broadcastState(rules)
    expect([...broadcast.entries()]).toEqual([
      [['eu', 1], { limit: 4 }],
      ['b', { limit: 2 }],
    ])
    expect([broadcast.get(['eu', 1]), broadcast.contains('c')]).toEqual([{ limit: 4 }, false])
  })

  test('is described by mode and type, and left out where it is empty', () => {
    const first = filled()
    first.listState(new ListStateDescriptor('empty'))
    first.listState(new ListStateDescriptor('declared', Types.LONG)).add(1)
    const offset = { name: 'offset', type: { kind: 'int' }, optional: false }
    expect(first.snapshot().map(({ items, ...list }) => ({ ...list, count: items.length }))).toEqual([
      { name: 'numbers', mode: 'split', type: { kind: 'int' }, isDeclared: false, count: 4 },
      { name: 'offsets', mode: 'union', type: { kind: 'row', fields: [offset] }, isDeclared: false, count: 1 },
      expect.objectContaining({ name: 'rules', mode: 'broadcast', isDeclared: false, count: 2 }),
      { name: 'declared', mode: 'split', type: Types.LONG, isDeclared: true, count: 1 },
    ])
  })

  test('that nobody asks for is carried on; union state once, though all subtasks have it', async () => {
    const lists = filled().snapshot()
    const names = (each: HeapOperatorStateBackend): unknown[] =>
      each.snapshot().map(({ name, items }) => [name, items.length])
    expect(names(await restored(lists, 0))).toEqual([
      ['numbers', 2],
      ['offsets', 1],
      ['rules', 2],
    ])
    expect(names(await restored(lists, 1))).toEqual([
      ['numbers', 2],
      ['rules', 2],
    ])
  })

  test('is changed only by what is put into it', () => {
    const first = filled()
    const state = first.unionListState(offsets)
    const added = { offset: 8 }
    state.add(added)
    added.offset = 99
    state.get()[0]!.offset = 99
    state.get().pop()
    first.broadcastState(rules).get('b')!.limit = 99
    expect([state.get(), first.broadcastState(rules).get('b')]).toEqual([[{ offset: 7 }, { offset: 8 }], { limit: 2 }])
    state.update(state.get().slice(1))
    expect(state.get()).toEqual([{ offset: 8 }])
    state.clear()
    expect(state.get()).toEqual([])
  })

  test('is refused in another mode, and with a time to live', async () => {
    const next = await restored(filled().snapshot())
    expect(() => next.unionListState(numbers)).toThrow(
      expect.objectContaining({ code: 'STATE_KIND_CHANGED', facts: expect.objectContaining({ before: 'split' }) }),
    )
    const ttl = StateTtlConfig.newBuilder(1).build()
    expect(() => backend().listState(new ListStateDescriptor('n', undefined, { ttl }))).toThrow(
      'Cannot keep operator state "n" of "Buffer" with a time to live: only keyed state has one',
    )
  })

  test('is brought to another type, or refused with both types named', async () => {
    const first = backend()
    first.listState(new ListStateDescriptor('texts', Types.STRING)).addAll(['0', '1'])
    first.broadcastState(new MapStateDescriptor('limits', Types.STRING, Types.STRING)).put('a', '5')
    const lists = first.snapshot()
    const next = await restored(lists)
    expect(next.listState(new ListStateDescriptor('texts', Types.INT, { migrate: Number })).get()).toEqual([1])
    const limits = new MapStateDescriptor('limits', Types.STRING, Types.INT, { migrate: Number })
    expect(next.broadcastState(limits).get('a')).toBe(5)
    const unwilling = await restored(lists)
    expect(() => unwilling.listState(new ListStateDescriptor('texts', Types.INT))).toThrow(
      'Cannot restore state "texts" of operator "Buffer": its values are string, and int is declared now.',
    )
  })
})
