import { beforeEach, describe, expect, test } from 'vitest'
import { KeyGroupReader, readKeyGroupEntries } from '../snapshot/key-group-codec.ts'
import type { HeapKeyedStateBackend } from './heap-keyed-state-backend.ts'
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from './state-descriptor.ts'
import { StateTtlConfig, type StateTtlConfigBuilder } from './state-ttl-config.ts'
import { backendsOf, rescaled, SetClock } from './testing/keyed-backends.ts'

let clock: SetClock
let backend: HeapKeyedStateBackend
beforeEach(() => {
  clock = new SetClock()
  backend = backendsOf(1, clock)[0]!
  backend.setCurrentKey('k')
})

/** Values live for 100 ms, and nothing is cleaned behind their back, unless told otherwise. */
const lives = (more: (builder: StateTtlConfigBuilder) => StateTtlConfigBuilder = (b) => b): StateTtlConfig =>
  more(StateTtlConfig.newBuilder(100).disableCleanupInBackground()).build()
const seenExpired = lives((b) => b.returnExpiredIfNotCleanedUp())
const touchedOnRead = lives((b) => b.updateTtlOnReadAndWrite())

/** How many keys the next snapshot holds. */
const keyCount = (): number =>
  backend.snapshot()?.keyGroups.reduce((sum, { keyCounts }) => sum + keyCounts.reduce((a, b) => a + b), 0) ?? 0

const single = {
  value: (ttl: StateTtlConfig) => {
    const state = backend.valueState(new ValueStateDescriptor<number>('s', undefined, { ttl }))
    return { get: () => state.value(), add: (n: number) => state.update(n) }
  },
  reducing: (ttl: StateTtlConfig) =>
    backend.reducingState(new ReducingStateDescriptor<number>('s', (_, b) => b, undefined, { ttl })),
  aggregating: (ttl: StateTtlConfig) => {
    const last = { createAccumulator: () => 0, add: (n: number) => n, getResult: (n: number) => n }
    return backend.aggregatingState(new AggregatingStateDescriptor('s', last, undefined, { ttl }))
  },
  list: (ttl: StateTtlConfig) => {
    const state = backend.listState(new ListStateDescriptor<number>('s', undefined, { ttl }))
    return { get: () => state.get().at(-1), add: (n: number) => state.add(n) }
  },
  map: (ttl: StateTtlConfig) => {
    const state = backend.mapState(new MapStateDescriptor<string, number>('s', undefined, undefined, { ttl }))
    return { get: () => state.get('a'), add: (n: number) => state.put('a', n) }
  },
}

describe.each(Object.entries(single))('A time to live, of %s state', (_, stateOf) => {
  test('ends at its last millisecond, and starts anew with each write', () => {
    const state = stateOf(lives())
    state.add(1)
    clock.nowMs += 99
    expect(state.get()).toBe(1)
    state.add(2)
    clock.nowMs += 99
    expect(state.get()).toBe(2)
    clock.nowMs += 1
    expect([state.get(), keyCount()]).toEqual([undefined, 0])
  })

  test('shows what has expired once more, if wanted and still there', () => {
    const state = stateOf(seenExpired)
    state.add(1)
    clock.nowMs += 1_000
    expect([keyCount(), state.get(), keyCount(), state.get()]).toEqual([1, 1, 0, undefined])
  })

  test('starts anew with each read, if wanted', () => {
    const state = stateOf(touchedOnRead)
    state.add(1)
    for (let i = 0; i < 5; i++) {
      clock.nowMs += 99
      expect(state.get()).toBe(1)
    }
    clock.nowMs += 100
    expect(state.get()).toBe(undefined)
  })

  test('is none if it is disabled', () => {
    const state = stateOf(lives((b) => b.setUpdateType('Disabled')))
    state.add(1)
    clock.nowMs += 1_000_000
    expect([state.get(), backend.snapshot()!.states[0]!.hasTtl]).toEqual([1, false])
  })

  test('survives a restore with the time of last use', async () => {
    stateOf(lives()).add(1)
    clock.nowMs += 60
    backend = (await rescaled([backend], 1, clock))[0]!
    backend.setCurrentKey('k')
    const state = stateOf(lives())
    clock.nowMs += 39
    expect(state.get()).toBe(1)
    clock.nowMs += 1
    expect(state.get()).toBe(undefined)
  })

  test('survives a restore in which nobody asks for the state', async () => {
    stateOf(lives()).add(1)
    clock.nowMs += 60
    const [between] = await rescaled([backend], 1, clock)
    backend = (await rescaled([between!], 1, clock))[0]!
    backend.setCurrentKey('k')
    clock.nowMs += 40
    expect(stateOf(lives()).get()).toBe(undefined)
  })

  test('starts with the restore for what had none, and is dropped with the descriptor', async () => {
    stateOf(lives((b) => b.setUpdateType('Disabled'))).add(1)
    clock.nowMs += 1_000
    backend = (await rescaled([backend], 1, clock))[0]!
    backend.setCurrentKey('k')
    clock.nowMs += 99
    const state = stateOf(lives())
    expect(state.get()).toBe(1)
    backend = (await rescaled([backend], 1, clock))[0]!
    backend.setCurrentKey('k')
    const forever = stateOf(lives((b) => b.setUpdateType('Disabled')))
    clock.nowMs += 1_000_000
    expect(forever.get()).toBe(1)
    forever.add(2)
    expect([forever.get(), backend.snapshot()!.states[0]!.hasTtl]).toEqual([2, false])
  })

  test('leaves what has expired out of full snapshots, if wanted', () => {
    const state = stateOf(lives((b) => b.cleanupFullSnapshot()))
    state.add(1)
    expect(keyCount()).toBe(1)
    clock.nowMs += 100
    expect(keyCount()).toBe(0)
  })

  test('ends for keys that nobody reads any more, a few at each access', () => {
    const state = stateOf(StateTtlConfig.newBuilder(100).cleanupIncrementally(3, false).build())
    for (let i = 0; i < 30; i++) {
      backend.setCurrentKey(i)
      state.add(i)
    }
    clock.nowMs += 100
    backend.setCurrentKey('other')
    state.get()
    expect(keyCount()).toBeGreaterThanOrEqual(27)
    for (let i = 0; i < 60; i++) state.get()
    expect(keyCount()).toBe(0)
  })

  test('ends a few at each record, if wanted', () => {
    const state = stateOf(StateTtlConfig.newBuilder(100).cleanupIncrementally(1, true).build())
    for (let i = 0; i < 10; i++) {
      backend.setCurrentKey(`key ${i}`)
      state.add(i)
    }
    clock.nowMs += 100
    for (let i = 0; i < 40; i++) backend.setCurrentKey(`other ${i}`)
    expect(keyCount()).toBe(0)
  })
})

test('An update starts from nothing where the value has expired, even if it could still be seen', () => {
  const sum = backend.reducingState(
    new ReducingStateDescriptor<number>('sum', (a, b) => a + b, undefined, { ttl: seenExpired }),
  )
  const add = { createAccumulator: () => 0, add: (n: number, all: number) => n + all, getResult: (all: number) => all }
  const total = backend.aggregatingState(new AggregatingStateDescriptor('total', add, undefined, { ttl: seenExpired }))
  sum.add(1)
  total.add(1)
  clock.nowMs += 100
  sum.add(5)
  total.add(5)
  expect([sum.get(), total.get()]).toEqual([5, 5])
})

describe('Elements of a list, and entries of a map, expire one by one', () => {
  test.each([
    ['never seen', lives(), [2], []],
    ['seen while there', seenExpired, [1, 2], [1, 2]],
  ] as const)('and are %s', (_, ttl, first, second) => {
    const list = backend.listState(new ListStateDescriptor<number>('list', undefined, { ttl }))
    list.add(1)
    clock.nowMs += 60
    list.add(2)
    clock.nowMs += 60
    expect(list.get()).toEqual(first)
    clock.nowMs += 60
    // All have expired: whether they are seen or not, afterwards the list is empty.
    expect([list.get(), list.get()]).toEqual([second, []])
  })

  test('and those of a list that live are touched by a read', () => {
    const list = backend.listState(new ListStateDescriptor<number>('list', undefined, { ttl: touchedOnRead }))
    list.add(1)
    clock.nowMs += 60
    list.add(2)
    clock.nowMs += 60
    expect(list.get()).toEqual([2])
    clock.nowMs += 99
    expect(list.get()).toEqual([2])
  })

  test('and a map shows and keeps those that live', () => {
    const map = backend.mapState(new MapStateDescriptor<string, number>('map', undefined, undefined, { ttl: lives() }))
    map.put('a', 1)
    clock.nowMs += 60
    map.put('b', 2)
    clock.nowMs += 60
    // What has expired and was not seen yet counts.
    expect(map.isEmpty()).toBe(false)
    expect([[...map.entries()], map.contains('a'), map.contains('b')]).toEqual([[['b', 2]], false, true])
    clock.nowMs += 60
    expect([[...map.keys()], map.isEmpty(), keyCount()]).toEqual([[], true, 0])
  })

  test('and are left out of full snapshots one by one', () => {
    const ttl = lives((b) => b.cleanupFullSnapshot())
    const list = backend.listState(new ListStateDescriptor<number>('list', undefined, { ttl }))
    const map = backend.mapState(new MapStateDescriptor<string, number>('map', undefined, undefined, { ttl }))
    list.add(1)
    map.put('a', 1)
    clock.nowMs += 60
    list.add(2)
    map.put('b', 2)
    clock.nowMs += 60
    const { states, keyGroups } = backend.snapshot()!
    const entries = [...readKeyGroupEntries(new KeyGroupReader(), keyGroups[0]!.bytes, states)]
    expect(entries.map(({ values, mapKeys, lastUsedMs }) => [values, mapKeys, lastUsedMs])).toEqual([
      [[2], [], [1_060]],
      [[2], ['b'], [1_060]],
    ])
  })
})

test.each([0, -1, Number.NaN, Infinity])('A time to live of %d ms is refused', (ttlMs) => {
  expect(() => StateTtlConfig.newBuilder(ttlMs)).toThrow(`Cannot take ${ttlMs} as a time to live of state`)
})
