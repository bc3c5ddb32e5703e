import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GeneralDecoder } from '../record/general-decoder.ts'
import { RecordError } from '../record/record-error.ts'
import { anyValue } from '../record/testing/arbitrary-record.ts'
import { isExactCopy } from '../record/testing/exact.ts'
import { TypeRegistry } from '../record/type-registry.ts'
import { ValueTag } from '../record/value-tag.ts'
import { BlockMemory } from './block-memory.ts'
import {
  type KeyedStateEntry,
  type KeyedStateForm,
  KeyGroupReader,
  KeyGroupsWriter,
  readKeyGroupEntries,
} from './key-group-codec.ts'
import type { ValueWriter } from './key-group-output.ts'
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

  describe('with shapes', () => {
    const form = { kind: 'value', hasTtl: false } as const
    const read = (bytes: Uint8Array, states: readonly KeyedStateForm[] = [form]) =>
      [...readKeyGroupEntries(new KeyGroupReader(), bytes, states)].map(({ key, values }) => [key, ...values])
    const text = (value: string) => [value.length * 2, ...Buffer.from(value, 'latin1')]
    const key = (value: string) => [8, ...text(value)]

    test('hold the names of objects once a state', () => {
      const objects: ValueWriter<{ key: string; n: number }> = {
        write(kept, to) {
          const number = to.shapeNumber(objects)
          if (number < 0) to.defineShape(objects, ['key', 'n'])
          else for (const byte of [ValueTag.shaped, number]) to.out.byte(byte)
          to.out.byte(ValueTag.entryKey)
          to.encoder.encodeTo(to.out, kept.n)
        },
      }
      const writer = new KeyGroupsWriter(0)
      for (let state = 0; state < 2; state++) {
        writer.startState(form)
        for (const [n, each] of ['a', 'b', 'c'].entries()) {
          writer.startKey(0, each)
          writer.valueBy(objects, { key: each, n }, 0)
        }
      }
      const [block] = writer.finish()
      const state = [
        ...[3, ...key('a'), 23, 2, ...text('key'), ...text('n'), 25, 21, 0],
        ...[...key('b'), 24, 0, 25, 21, 1, ...key('c'), 24, 0, 25, 21, 2],
      ]
      expect(block).toEqual({ keyGroup: 0, keyCounts: [3, 3], bytes: Buffer.from([...state, ...state]) })
      const entries = ['a', 'b', 'c'].map((each, n) => [each, { key: each, n }])
      expect(read(block!.bytes, [form, form])).toEqual([...entries, ...entries])
    })

    test('number those within objects of others', () => {
      const nested = [23, 1, ...text('a'), 23, 1, ...text('b'), 24, 0, 24, 1, 2]
      expect(read(Buffer.from([1, 21, 1, ...nested]))).toEqual([[1, { a: { b: { a: { b: false } } } }]])
    })

    test('keep an own __proto__, and the last of two fields with the same name', () => {
      const names = [...text('__proto__'), ...text('a'), ...text('a')]
      const [[, value]] = read(Buffer.from([1, 21, 1, 23, 3, ...names, 21, 7, 21, 8, 21, 9])) as [[number, object]]
      expect(isExactCopy(JSON.parse('{"__proto__": 7, "a": 9}'), value)).toBe(true)
    })

    test.each<[string, number[], KeyedStateForm[]]>([
      ['a shape that did not come before', [1, ...key('k'), 24, 0], [form]],
      ['a shape of another state', [1, ...key('k'), 23, 0, 1, ...key('k'), 24, 0], [form, form]],
      ['more names than there are bytes', [1, ...key('k'), 23, 0xff, 0xff, 3, 0], [form]],
      ['a key that is no text', [1, 21, 5, 25], [form]],
      ['a key that is itself', [2, ...key('k'), 0, 25, 0], [form]],
    ])('refuse %s', (_, bytes, states) => {
      expect(() => read(Buffer.from(bytes), states)).toThrow(RecordError)
    })

    test('are refused outside of blocks', () => {
      for (const bytes of [[23, 0], [24, 0], [25]]) {
        expect(() => new GeneralDecoder().decode(Uint8Array.from(bytes))).toThrow(RecordError)
      }
    })
  })

  test('are written into the memory of the last ones once it has been released', () => {
    const memory = new BlockMemory()
    const form = { kind: 'value', hasTtl: false } as const
    const take = (value: string) => {
      const writer = new KeyGroupsWriter(0, { memory, bytesPerKeyGroup: 100 })
      writer.startState(form)
      writer.startKey(3, 'k')
      writer.value(value, 0)
      return { writer, block: writer.finish()[0]! }
    }
    const first = take('first')
    const second = take('second')
    expect(second.block.bytes.buffer).not.toBe(first.block.bytes.buffer)
    const copies = [first, second].map(({ block }) => Buffer.from(block.bytes))
    first.writer.release()
    first.writer.release()
    const third = take('third')
    const fourth = take('fourth')
    expect(third.block.bytes.buffer).toBe(first.block.bytes.buffer)
    expect(fourth.block.bytes.buffer).not.toBe(third.block.bytes.buffer)
    expect([...readKeyGroupEntries(new KeyGroupReader(), third.block.bytes, [form])][0]!.values).toEqual(['third'])
    expect(second.block.bytes).toEqual(copies[1])
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
