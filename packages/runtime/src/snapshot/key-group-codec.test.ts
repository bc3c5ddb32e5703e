import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordError } from '../record/record-error.ts'
import { anyValue } from '../record/testing/arbitrary-record.ts'
import { isExactCopy } from '../record/testing/exact.ts'
import { TypeRegistry } from '../record/type-registry.ts'
import {
  type KeyedStateEntry,
  type KeyedStateForm,
  KeyGroupReader,
  KeyGroupsWriter,
  readKeyGroupEntries,
} from './key-group-codec.ts'
import type { KeyedStateKind } from './snapshot.ts'
import type { KeyGroupBytes } from './state-bytes.ts'

interface Entry {
  readonly keyGroup: number
  readonly key: unknown
  readonly values: readonly unknown[]
  readonly mapKeys: readonly unknown[]
  readonly lastUsedMs: readonly number[]
}

function write(states: readonly { form: KeyedStateForm; entries: readonly Entry[] }[]): KeyGroupBytes[] {
  const writer = new KeyGroupsWriter(10)
  for (const { form, entries } of states) {
    writer.startState(form)
    for (const { keyGroup, key, values, mapKeys, lastUsedMs } of entries) {
      writer.startKey(keyGroup, key)
      if (['list', 'map', 'timers'].includes(form.kind)) writer.count(values.length)
      for (const [i, value] of values.entries()) {
        if (form.kind === 'timers') writer.timestamp(value as number)
        else {
          if (form.kind === 'map') writer.mapKey(mapKeys[i])
          writer.value(value, lastUsedMs[i] ?? 0)
        }
      }
    }
  }
  return writer.finish()
}

const kinds: readonly KeyedStateKind[] = ['value', 'list', 'map', 'reducing', 'aggregating', 'timers']
const time = fc.integer({ min: 0, max: 2 ** 45 })
const states = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), hasTtl: fc.boolean() }).chain(({ kind, hasTtl: mayHaveTtl }) => {
    const hasTtl = mayHaveTtl && kind !== 'timers'
    const count = ['list', 'map', 'timers'].includes(kind) ? fc.integer({ min: 0, max: 4 }) : fc.constant(1)
    const entry = count.chain((length) => {
      const each = <T>(of: fc.Arbitrary<T>, wanted = true): fc.Arbitrary<T[]> =>
        fc.array(of, { minLength: wanted ? length : 0, maxLength: wanted ? length : 0 })
      return fc.record({
        keyGroup: fc.integer({ min: 10, max: 14 }),
        key: fc.oneof(fc.string(), fc.integer(), fc.array(fc.string(), { maxLength: 2 })),
        values: each<unknown>(kind === 'timers' ? time : anyValue()),
        mapKeys: each(fc.string(), kind === 'map'),
        lastUsedMs: each(time, hasTtl),
      })
    })
    return fc.record({ form: fc.constant({ kind, hasTtl }), entries: fc.array(entry, { maxLength: 6 }) })
  }),
  { maxLength: 3 },
)

describe('The blocks of key groups', () => {
  test('hold every entry of every state, each in its key group, in order, exactly', () => {
    fc.assert(
      fc.property(states, (written) => {
        const forms = written.map(({ form }) => form)
        const expected = new Map<number, KeyedStateEntry[]>()
        for (const [stateIndex, { entries }] of written.entries())
          for (const { keyGroup, ...entry } of entries)
            expected.set(keyGroup, [...(expected.get(keyGroup) ?? []), { stateIndex, ...entry }])
        const reader = new KeyGroupReader()
        const blocks = write(written)
        expect(blocks.map(({ keyGroup }) => keyGroup)).toEqual([...expected.keys()].sort((a, b) => a - b))
        for (const { keyGroup, keyCounts, bytes } of blocks) {
          const read = [...readKeyGroupEntries(reader, bytes, forms)]
          expect(isExactCopy(expected.get(keyGroup), read)).toBe(true)
          expect(keyCounts).toEqual(forms.map((_, i) => read.filter(({ stateIndex }) => stateIndex === i).length))
        }
      }),
    )
  })

  test('with changed bytes are read as something else or refused, and never do worse', () => {
    const counts = { read: 0, refused: 0 }
    fc.assert(
      fc.property(
        states,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        fc.nat(),
        (written, changes, cut) => {
          const forms = written.map(({ form }) => form)
          for (const { bytes } of write(written)) {
            const changed = bytes.slice(0, cut % 3 === 0 ? cut % (bytes.length + 1) : bytes.length)
            for (const [at, byte] of changes) if (changed.length > 0) changed[at % changed.length] = byte
            try {
              for (const _ of readKeyGroupEntries(new KeyGroupReader(), changed, forms));
              counts.read++
            } catch (error) {
              if (!(error instanceof RecordError)) throw error
              counts.refused++
            }
          }
        },
      ),
      { numRuns: 1_000 },
    )
    expect(counts.read).toBeGreaterThan(100)
    expect(counts.refused).toBeGreaterThan(100)
  })

  test('ask for no more memory than they are long', () => {
    const lists = [{ kind: 'list', hasTtl: false }] as const
    const hugeKeyCount = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f])
    const hugeList = Buffer.from([1, 21, 5, 0xff, 0xff, 0xff, 0xff, 0x7f])
    for (const bytes of [hugeKeyCount, hugeList])
      expect(() => [...readKeyGroupEntries(new KeyGroupReader(), bytes, lists)]).toThrow('elements in')
  })

  test('keep an own __proto__ as a field, and change no prototype', () => {
    const value: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')
    const form = { kind: 'value', hasTtl: false } as const
    const [block] = write([
      { form, entries: [{ keyGroup: 10, key: 'k', values: [value], mapKeys: [], lastUsedMs: [] }] },
    ])
    const [entry] = [...readKeyGroupEntries(new KeyGroupReader(), block!.bytes, [form])]
    expect(isExactCopy(value, entry!.values[0])).toBe(true)
    expect(({} as { polluted?: unknown }).polluted).toBe(undefined)
  })

  test('take few bytes for small numbers, and are readable with the wide ones of earlier versions', () => {
    const form = { kind: 'value', hasTtl: false } as const
    const entries = [0, -128, 127, 128, -32_768, 32_767, 32_768, -(2 ** 31)].map((value) => ({
      keyGroup: 10,
      key: value,
      values: [value],
      mapKeys: [],
      lastUsedMs: [],
    }))
    const [block] = write([{ form, entries }])
    expect(block!.bytes.length).toBe(1 + 2 * (3 * 2 + 3 * 3 + 2 * 5))
    const read = [...readKeyGroupEntries(new KeyGroupReader(), block!.bytes, [form])]
    expect(read.map(({ key, values }) => [key, ...values])).toEqual(entries.map(({ key }) => [key, key]))
    const wide = Buffer.from([1, 4, 5, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff])
    const [old] = [...readKeyGroupEntries(new KeyGroupReader(), wide, [form])]
    expect([old!.key, ...old!.values]).toEqual([5, -1])
  })

  test('show instances of classes that are not here as what they consist of, if their reader wants that', () => {
    class Point {
      x = 1
    }
    const registry = new TypeRegistry()
    registry.register(Point, { name: 'point' })
    const writer = new KeyGroupsWriter(0, { registry })
    const form = { kind: 'value', hasTtl: false } as const
    writer.startState(form)
    writer.startKey(0, 'k')
    writer.value({ at: new Point() }, 0)
    const { bytes } = writer.finish()[0]!
    expect(() => [...readKeyGroupEntries(new KeyGroupReader(), bytes, [form])]).toThrow('not registered here')
    const lenient = new KeyGroupReader(undefined, (type, plain) => ({ type, plain }))
    expect([...readKeyGroupEntries(lenient, bytes, [form])][0]!.values).toEqual([
      { at: { type: 'point', plain: { x: 1 } } },
    ])
  })
})
