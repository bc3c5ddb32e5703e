import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalKey } from '../keys/canonical-key.ts'
import { keyGroupOf, subtaskIndexForKeyGroup } from '../keys/key-group.ts'
import { anyValue } from '../record/testing/arbitrary-record.ts'
import { isExactCopy } from '../record/testing/exact.ts'
import { TypeRegistry } from '../record/type-registry.ts'
import { Types } from '../record/types.ts'
import { KeyGroupReader, KeyGroupsWriter, readKeyGroupEntries } from '../snapshot/key-group-codec.ts'
import type { HeapKeyedStateBackend } from './heap-keyed-state-backend.ts'
import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from './state.ts'
import {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from './state-descriptor.ts'
import { backendsOf, maxParallelism, rescaled, restoreAll } from './testing/keyed-backends.ts'

interface States {
  readonly value: ValueState<unknown>
  readonly list: ListState<unknown>
  readonly map: MapState<unknown, unknown>
  readonly sum: ReducingState<number>
  readonly words: AggregatingState<string, string>
}

function statesOf(backend: HeapKeyedStateBackend): States {
  return {
    value: backend.valueState(new ValueStateDescriptor('value')),
    list: backend.listState(new ListStateDescriptor('list')),
    map: backend.mapState(new MapStateDescriptor('map')),
    sum: backend.reducingState(new ReducingStateDescriptor<number>('sum', (a, b) => a + b)),
    words: backend.aggregatingState(
      new AggregatingStateDescriptor<string, string[], string>('words', {
        createAccumulator: () => [],
        // Changes its accumulator, as it may.
        add: (word, words) => {
          words.push(word)
          return words
        },
        getResult: (words) => words.join(' '),
      }),
    ),
  }
}

const key = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.constantFrom('a', 'b', 'a text of more than thirteen characters', '', '\u0000[1]', 1.5, true, 7n),
  fc.constantFrom<unknown>(['x', 1], ['x', '1'], { id: 1, region: 'eu' }, { region: 'eu', id: 1 }, [[null], -0]),
)
const timestamp = fc.integer({ min: 0, max: 30 })
const noValue = fc.constant(undefined)
const keyedSteps = {
  update: anyValue().filter((value) => value !== undefined),
  clear: fc.constantFrom<keyof States>('value', 'list', 'map', 'sum', 'words'),
  add: anyValue().filter((value) => value !== undefined),
  replace: fc.array(anyValue(), { maxLength: 3 }),
  put: fc.tuple(key, anyValue()),
  remove: key,
  sum: fc.integer(),
  word: fc.string(),
  register: timestamp,
  delete: timestamp,
} as const
type Step =
  | { [K in keyof typeof keyedSteps]: { do: K; key: unknown; with: unknown } }[keyof typeof keyedSteps]
  | { do: 'rescale'; key: unknown; with: number }
const step: fc.Arbitrary<Step> = fc.oneof(
  ...Object.entries(keyedSteps).map(([name, argument]) => ({
    weight: 4,
    arbitrary: fc.record({ do: fc.constant(name), key, with: argument as fc.Arbitrary<unknown> }) as fc.Arbitrary<Step>,
  })),
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('rescale' as const), key: noValue, with: fc.integer({ min: 1, max: 6 }) }),
  },
)

/** What one key has, in plain words. */
interface Model {
  value: unknown
  list: unknown[]
  map: Map<unknown, [unknown, unknown]>
  sum: number | undefined
  words: string | undefined
  timers: Set<number>
}

function applyToModel(model: Model, { do: what, with: argument }: Step): void {
  switch (what) {
    case 'update':
      model.value = argument
      return
    case 'clear':
      if (argument === 'list') model.list = []
      else if (argument === 'map') model.map = new Map()
      else model[argument as 'value'] = undefined
      return
    case 'add':
      model.list = [...model.list, argument]
      return
    case 'replace':
      model.list = argument as unknown[]
      return
    case 'put': {
      const [mapKey, value] = argument as [unknown, unknown]
      const before = model.map.get(canonicalKey(mapKey))
      model.map.set(canonicalKey(mapKey), [before === undefined ? mapKey : before[0], value])
      return
    }
    case 'remove':
      model.map.delete(canonicalKey(argument))
      return
    case 'sum':
      model.sum = (model.sum ?? 0) + (argument as number)
      return
    case 'word':
      model.words = model.words === undefined ? (argument as string) : `${model.words} ${argument as string}`
      return
    case 'register':
      model.timers.add(argument as number)
      return
    case 'delete':
      model.timers.delete(argument as number)
  }
}

function applyToStates(states: States, backend: HeapKeyedStateBackend, { do: what, with: argument }: Step): void {
  switch (what) {
    case 'update':
      states.value.update(argument)
      return
    case 'clear':
      states[argument as keyof States].clear()
      return
    case 'add':
      states.list.add(argument)
      return
    case 'replace':
      states.list.update(argument as unknown[])
      return
    case 'put':
      states.map.put(...(argument as [unknown, unknown]))
      return
    case 'remove':
      states.map.remove(argument)
      return
    case 'sum':
      states.sum.add(argument as number)
      return
    case 'word':
      states.words.add(argument as string)
      return
    case 'register':
      backend.processingTimeTimers.register(argument as number)
      return
    case 'delete':
      backend.processingTimeTimers.delete(argument as number)
  }
}

describe('Keyed state', () => {
  test('is what was done to it, at whatever parallelism it goes on, and so are timers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 80, size: 'max' }),
        async (parallelism, steps) => {
          let backends = backendsOf(parallelism)
          let states = backends.map(statesOf)
          const models = new Map<unknown, Model & { readonly key: unknown }>()
          const subtaskOf = (of: unknown): number =>
            subtaskIndexForKeyGroup(keyGroupOf(of, maxParallelism), maxParallelism, backends.length)
          for (const each of steps) {
            if (each.do === 'rescale') {
              backends = await rescaled(backends, each.with)
              states = backends.map(statesOf)
              continue
            }
            const subtask = subtaskOf(each.key)
            backends[subtask]!.setCurrentKey(each.key)
            applyToStates(states[subtask]!, backends[subtask]!, each)
            const canonical = canonicalKey(each.key)
            const fresh = { value: undefined, list: [], map: new Map(), sum: undefined, words: undefined }
            const model = models.get(canonical) ?? { ...fresh, timers: new Set(), key: each.key }
            models.set(canonical, model)
            applyToModel(model, each)
          }
          backends = await rescaled(backends, 3)
          states = backends.map(statesOf)
          const timers = new Set<string>()
          for (const model of models.values()) {
            const subtask = subtaskOf(model.key)
            const { value, list, map, sum, words } = states[subtask]!
            backends[subtask]!.setCurrentKey(model.key)
            expect(backends[subtask]!.currentKey()).toBe(model.key)
            expect(isExactCopy(model.value, value.value())).toBe(true)
            expect(isExactCopy(model.list, list.get())).toBe(true)
            expect(
              isExactCopy(
                [...model.map.values()].map((pair) => pair[1]),
                [...map.values()],
              ),
            ).toBe(true)
            expect([...map.keys()].map(canonicalKey)).toEqual([...model.map.keys()])
            expect(map.isEmpty()).toBe(model.map.size === 0)
            for (const [canonical, [mapKey, kept]] of model.map) {
              expect(isExactCopy(kept, map.get(mapKey))).toBe(true)
              expect([map.contains(mapKey), canonicalKey(mapKey)]).toEqual([true, canonical])
            }
            expect([sum.get(), words.get()]).toEqual([model.sum, model.words])
            for (const time of model.timers) timers.add(`${time} ${String(canonicalKey(model.key))}`)
          }
          const fired = new Set<string>()
          for (const backend of backends) {
            let before = -Infinity
            for (
              let due = backend.processingTimeTimers.nextDueMs();
              due < Infinity;
              due = backend.processingTimeTimers.nextDueMs()
            ) {
              expect(due).toBeGreaterThanOrEqual(before)
              before = due
              expect(backend.processingTimeTimers.takeDue(due)).toBe(due)
              fired.add(`${due} ${String(canonicalKey(backend.currentKey()))}`)
            }
            expect(backend.processingTimeTimers.takeDue(Infinity)).toBe(undefined)
          }
          expect(fired).toEqual(timers)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('that nobody asks for any more is carried on as it was, with its type and times', async () => {
    const [backend] = backendsOf(1)
    for (let i = 0; i < 40; i++) {
      backend!.setCurrentKey(`key ${i}`)
      for (const { value, list, map, sum, words } of [statesOf(backend!)]) {
        value.update({ i })
        list.addAll([i, [i]])
        map.put(['k', i], i)
        sum.add(i)
        words.add('w')
      }
      backend!.processingTimeTimers.register(i)
    }
    const first = backend!.snapshot()!
    const again = (await rescaled([backend!], 1))[0]!.snapshot()!
    expect(again.states).toEqual(first.states)
    const contents = (snapshot: typeof first): unknown[] =>
      snapshot.keyGroups.map(({ keyGroup, bytes }) => [
        keyGroup,
        [...readKeyGroupEntries(new KeyGroupReader(), bytes, snapshot.states)],
      ])
    expect(contents(again)).toEqual(contents(first))
  })

  test('without any entry leaves no snapshot, also after it had some', () => {
    const [backend] = backendsOf(1)
    const { value, map } = statesOf(backend!)
    expect(backend!.snapshot()).toBe(undefined)
    backend!.setCurrentKey('k')
    value.update(1)
    map.put('a', 1)
    backend!.processingTimeTimers.register(5)
    expect(backend!.snapshot()?.keyGroups.length).toBe(1)
    value.update(undefined)
    map.remove('a')
    backend!.processingTimeTimers.delete(5)
    expect(backend!.snapshot()).toBe(undefined)
  })

  test('is described by what was declared, and else by some of the values', () => {
    const [backend] = backendsOf(1)
    const row = Types.row({ id: Types.LONG })
    const declared = backend!.valueState(new ValueStateDescriptor('declared', row))
    const inferred = backend!.listState(new ListStateDescriptor<unknown>('inferred'))
    const map = backend!.mapState(new MapStateDescriptor<string, unknown>('map', Types.STRING))
    backend!.setCurrentKey('k')
    declared.update({ id: 1 })
    inferred.addAll([{ a: 1 }, { a: 1.5 }])
    map.put('a', true)
    expect(backend!.snapshot()!.states).toEqual([
      { name: 'declared', kind: 'value', type: row, mapKeyType: undefined, isDeclared: true, hasTtl: false },
      {
        name: 'inferred',
        kind: 'list',
        type: { kind: 'row', fields: [{ name: 'a', type: { kind: 'double' }, optional: false }] },
        mapKeyType: undefined,
        isDeclared: false,
        hasTtl: false,
      },
      {
        name: 'map',
        kind: 'map',
        type: { kind: 'boolean' },
        mapKeyType: Types.STRING,
        isDeclared: false,
        hasTtl: false,
      },
    ])
  })

  test('is refused without a current key, and under a name that has another kind', () => {
    const [backend] = backendsOf(1)
    const { value } = statesOf(backend!)
    const noKey = expect.objectContaining({ code: 'NO_CURRENT_KEY' })
    expect(() => value.value()).toThrow(noKey)
    backend!.setCurrentKey(1)
    value.update(1)
    expect(value.value()).toBe(1)
    backend!.clearCurrentKey()
    for (const use of [() => value.value(), () => value.update(2), () => backend!.currentKey()])
      expect(use).toThrow(noKey)
    expect(backend!.valueState(new ValueStateDescriptor('value'))).toBe(value)
    expect(() => backend!.listState(new ListStateDescriptor('value'))).toThrow(
      'Cannot use state "value" of operator "Sum" as list state: it is value state. Choose another name.',
    )
  })

  test('of another kind than in the snapshot is refused', async () => {
    const [backend] = backendsOf(1)
    backend!.setCurrentKey(1)
    statesOf(backend!).value.update(1)
    const [next] = await rescaled([backend!], 1)
    expect(() => next!.mapState(new MapStateDescriptor('value'))).toThrow(
      'Cannot use state "value" of operator "Sum" as map state: it is value state in the snapshot. Choose another name.',
    )
  })
})

describe('What was read from state', () => {
  test('may be changed, and changes nothing until it is put back', () => {
    const [backend] = backendsOf(1)
    const { value, list, map, words } = statesOf(backend!)
    backend!.setCurrentKey(1)
    const flat = { n: 1 }
    const nested = { inner: { n: 1 } }
    for (const original of [flat, nested]) {
      value.update(original)
      list.update([original])
      map.put('k', original)
      const copy = structuredClone(original)
      const change = (read: unknown): void => {
        const record = read as { n?: number; inner?: { n: number } }
        if (record.inner) record.inner.n++
        else record.n = -1
      }
      change(original)
      for (const read of [value.value(), list.get()[0], map.get('k'), [...map.values()][0], [...map.entries()][0]![1]])
        change(read)
      list.get().push('more')
      expect([value.value(), list.get(), [...map.entries()]]).toEqual([copy, [copy], [['k', copy]]])
    }
    words.add('a')
    expect(words.get()).toBe('a')
  })

  test('is a copy of the default where there is none', () => {
    const [backend] = backendsOf(1)
    const state = backend!.valueState(
      new ValueStateDescriptor<number[]>('with default', undefined, { defaultValue: [1] }),
    )
    backend!.setCurrentKey(1)
    state.value()!.push(2)
    expect(state.value()).toEqual([1])
    state.update([3])
    state.clear()
    expect(state.value()).toEqual([1])
  })

  test('of an aggregate is its result, which may be a part of the accumulator', () => {
    const shared: number[] = []
    const [backend] = backendsOf(1)
    const state = backend!.aggregatingState(
      new AggregatingStateDescriptor<{ n: number[] }, number[], number[]>('all', {
        createAccumulator: () => shared,
        add: ({ n }, all) => Object.assign(all, [...all, ...n]),
        getResult: (all) => all,
      }),
    )
    const record = { n: [1] }
    backend!.setCurrentKey('a')
    state.add(record)
    state.get()!.push(99)
    backend!.setCurrentKey('b')
    state.add({ n: [2] })
    expect([state.get(), shared]).toEqual([[2], []])
    backend!.setCurrentKey('a')
    expect(state.get()).toEqual([1])
  })
})

describe('A value that cannot be kept', () => {
  test('is refused when it comes, and what was kept stays', () => {
    const [backend] = backendsOf(1)
    const { value, list, sum } = statesOf(backend!)
    backend!.setCurrentKey(1)
    value.update('before')
    list.add('before')
    expect(() => value.update({ callback: () => 1 })).toThrow(
      'Cannot keep a value in the state of operator "Sum": `callback` is a function',
    )
    expect(() => list.addAll(['kept?', Symbol('s')])).toThrow('is a symbol')
    expect(() => list.add(undefined)).toThrow('Cannot add to state "list": the value to add is undefined')
    expect(() => sum.add(undefined as never)).toThrow('Cannot add to state "sum": the value to add is undefined')
    expect([value.value(), list.get()]).toEqual(['before', ['before']])
  })
})

describe('A restore', () => {
  test('pauses while it reads many keys, and ends where a pause rejects', async () => {
    const [backend] = backendsOf(1)
    const { value } = statesOf(backend!)
    for (let i = 0; i < 10_000; i++) {
      backend!.setCurrentKey(i)
      value.update(i)
    }
    const snapshot = backend!.snapshot()
    expect(await restoreAll(backendsOf(1), [snapshot])).toBe(5)
  })

  test('keeps instances of registered classes, and names the class that is not', async () => {
    class Point {
      x = 1
    }
    const registry = new TypeRegistry()
    registry.register(Point, { name: 'point' })
    const [backend] = backendsOf(1, undefined, registry)
    backend!.setCurrentKey(1)
    statesOf(backend!).value.update(new Point())
    const [next] = await rescaled([backend!], 1, undefined, registry)
    next!.setCurrentKey(1)
    expect(statesOf(next!).value.value()).toStrictEqual(new Point())
    const refusal = rescaled([backend!], 1)
    await expect(refusal).rejects.toThrow(
      /^Cannot restore key group \d+ of operator "Sum" from the metadata, block 0 at offset 0: .*the type "point", which is not registered here/,
    )
    await expect(refusal).rejects.toMatchObject({ code: 'SNAPSHOT_MISMATCH' })
  })

  test('refuses a key of another key group, a key that comes twice, and keys that are missing', async () => {
    const form = {
      name: 'value',
      kind: 'value',
      type: Types.INT as never,
      mapKeyType: undefined,
      isDeclared: true,
      hasTtl: false,
    } as const
    const keyGroup = keyGroupOf('a', maxParallelism)
    const written = (at: number, keys: readonly unknown[], keyCount = keys.length) => {
      const writer = new KeyGroupsWriter(0)
      writer.startState(form)
      for (const each of keys) {
        writer.startKey(at, each)
        writer.value(1, 0)
      }
      return { states: [form], keyGroups: writer.finish().map((each) => ({ ...each, keyCounts: [keyCount] })) }
    }
    const refusals = [
      [written((keyGroup + 1) % maxParallelism, ['a']), 'it holds a key of another key group'],
      [written(keyGroup, ['a', 'a']), 'it holds a key that came before'],
      [written(keyGroup, ['a'], 2), 'it lacks 1 keys'],
      [written(keyGroup, [null]), 'Cannot use null as a key'],
    ] as const
    for (const [snapshot, why] of refusals) {
      const refusal = restoreAll(backendsOf(1), [snapshot])
      await expect(refusal).rejects.toThrow(why)
      await expect(refusal).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT', facts: { operator: 'Sum', block: 0 } })
    }
  })
})

test('Records of an operator of our own are kept as a value state of that name', async () => {
  const [backend] = backendsOf(1)
  const { places, shapes } = backend!.recordState('_op_state', { kind: 'sum', field: 'n' })
  const records = [
    { key: 'a', n: 1 },
    { key: 'b', n: 2, deep: { list: [1] } },
    { key: 'c', n: 3 },
  ]
  for (const record of records) places.put(record.key, shapes.create(record))
  const a = places.find('a')!
  a.shape.aggregate(a, 10)
  const snapshot = backend!.snapshot()!
  expect(snapshot.states.map(({ name, kind }) => [name, kind])).toEqual([['_op_state', 'value']])
  const next = backendsOf(2)
  const states = next.map((each) => each.recordState('_op_state', { kind: 'sum', field: 'n' }))
  await restoreAll(next, [snapshot])
  const restored = records.map(({ key: each }) => {
    const { places: own } = states[subtaskIndexForKeyGroup(keyGroupOf(each, maxParallelism), maxParallelism, 2)]!
    const place = own.find(each)!
    place.shape.aggregate(place, 1)
    return place.shape.load(place)
  })
  expect(restored).toEqual([
    { key: 'a', n: 12 },
    { key: 'b', n: 3, deep: { list: [1] } },
    { key: 'c', n: 4 },
  ])
})
