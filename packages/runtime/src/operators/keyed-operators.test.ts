import { describe, expect, test } from 'vitest'
import { HandDrivenTask } from '../task/testing/hand-driven-task.ts'
import type { OperatorDefinition } from './operator.ts'

async function result(operator: OperatorDefinition, records: readonly unknown[]): Promise<unknown> {
  const task = new HandDrivenTask([operator])
  task.reader.give(...records)
  task.reader.end()
  await task.run()
  return task.failure === undefined ? task.out : [task.failure.operatorName, task.failure.error.message]
}

type Row = { readonly k: unknown; readonly v: unknown }
const rows = (...values: readonly unknown[]): Row[] => values.map((v) => ({ k: 'k', v }))

function aggregate(kind: 'sum' | 'min' | 'max' | 'minBy' | 'maxBy', records: readonly Row[], firstOnTie = true) {
  const keySelector = (row: unknown) => (row as Row).k
  return result({ kind: 'rolling-aggregate', aggregation: { kind, field: 'v', firstOnTie }, keySelector }, records)
}

/** How many records of the same key came before, itself included. */
function counts(keys: readonly unknown[]): Promise<unknown> {
  return result(
    {
      kind: 'reduce',
      fn: (a, b) => ({ k: (b as Row).k, v: Number((a as Row).v) + 1 }),
      keySelector: (row) => (row as Row).k,
    },
    keys.map((k) => ({ k, v: 1 })),
  ).then((out) => (out as Row[]).map(({ v }) => v))
}

describe('A key', () => {
  test('may be of every kind, and different keys never meet', async () => {
    const keys = [1, '1', 1n, true, 'true', 1.5, 2 ** 40, '', [1], ['1'], [[1]], { a: 1 }, { a: '1' }, { a: [1] }]
    const texts = ['null', '\u0000', '[1]', '{1"a:1}', '__proto__']
    const all = [...keys, ...texts]
    expect(await counts([...all, ...all.toReversed()])).toEqual([...all.map(() => 1), ...all.map(() => 2)])
  })

  test('is the same if it is equal: -0 and 0, objects by their properties, lists by their items', async () => {
    expect(await counts([0, -0])).toEqual([1, 2])
    expect(
      await counts([
        { a: 1, b: [2] },
        { b: [2], a: 1 },
      ]),
    ).toEqual([1, 2])
    const long = 'a text that is longer than thirteen characters'
    expect(await counts([long, `${long}!`.slice(0, -1)])).toEqual([1, 2])
  })

  test.each([[undefined], [null], [Number.NaN], [() => 1], [Symbol('s')], [new Date()], [2n ** 64n]])(
    'cannot be what has no value of its own (%#)',
    async (key) => {
      expect(await result({ kind: 'reduce', fn: (a) => a, keySelector: () => key }, [1])).toEqual([
        'reduce 1',
        expect.stringMatching(/key/i),
      ])
    },
  )
})

describe('Reduce', () => {
  const add: OperatorDefinition = { kind: 'reduce', fn: (a, b) => (a as never) + (b as never), keySelector: () => 'k' }

  test.each<[string, readonly unknown[], readonly unknown[]]>([
    ['numbers', [1, 2, Number.NaN, 1], [1, 3, Number.NaN, Number.NaN]],
    ['bigints', [1n, 2n ** 70n], [1n, 2n ** 70n + 1n]],
    ['texts', ['a', 'b'], ['a', 'ab']],
    ['null', [null, 2], [null, 2]],
  ])('takes %s', async (_, records, results) => {
    expect(await result(add, records)).toEqual(results)
  })

  test('tells of bigints and numbers that cannot be added, and of a result that is undefined', async () => {
    expect(await result(add, [1, 2n])).toEqual(['reduce 1', expect.stringContaining('BigInt')])
    const undefinedReduced: OperatorDefinition = { kind: 'reduce', fn: () => undefined, keySelector: () => 'k' }
    expect(await result(undefinedReduced, [1, 2])).toEqual(['reduce 1', expect.stringContaining('returned undefined')])
  })

  test('takes records whose shape changes', async () => {
    const last: OperatorDefinition = { kind: 'reduce', fn: (_, b) => b, keySelector: () => 'k' }
    const records = [{ a: 1 }, { a: 'x', b: 2 }, [1, 2], 'text', null, { a: { b: 1 } }, { a: 2 }]
    expect(await result(last, records)).toEqual(records)
  })
})

describe('A rolling aggregate', () => {
  test.each<['sum' | 'min' | 'max', readonly unknown[], readonly unknown[]]>([
    ['sum', [1, 2, 0.5], [1, 3, 3.5]],
    ['sum', [1n, 2n], [1n, 3n]],
    ['min', [3, 1, 2], [3, 1, 1]],
    ['max', [3n, 1n, 4n], [3n, 3n, 4n]],
    ['min', ['b', 'a', 'c'], ['b', 'a', 'a']],
    ['max', [false, true, false], [false, true, true]],
    // As Flink: NaN is the greatest.
    ['min', [Number.NaN, 2, Number.NaN, 1], [Number.NaN, 2, 2, 1]],
    ['max', [1, Number.NaN, 2], [1, Number.NaN, Number.NaN]],
  ])('combines by %s (%#)', async (kind, values, results) => {
    expect(await aggregate(kind, rows(...values))).toEqual(rows(...results))
    // The same for records that are not flat.
    const nested = (values: readonly unknown[]) => rows(...values).map((row) => ({ ...row, more: {} }))
    expect(await aggregate(kind, nested(values))).toEqual(nested(results))
  })

  test.each<['minBy' | 'maxBy', boolean, readonly unknown[], readonly number[]]>([
    ['minBy', true, [2, 1, 1, 3], [0, 1, 1, 1]],
    ['minBy', false, [2, 1, 1, 3], [0, 1, 2, 2]],
    ['maxBy', true, [2, 3, 3, 1], [0, 1, 1, 1]],
    ['maxBy', false, [2, 3, 3, 1], [0, 1, 2, 2]],
    ['minBy', true, [Number.NaN, Number.NaN, 2, Number.NaN], [0, 0, 2, 2]],
    ['minBy', false, [Number.NaN, Number.NaN, 2, Number.NaN], [0, 1, 2, 2]],
    ['maxBy', true, [2, Number.NaN, 3, Number.NaN], [0, 1, 1, 1]],
    ['maxBy', false, [2, Number.NaN, 3, Number.NaN], [0, 1, 1, 3]],
  ])('%s (the first on a tie: %s) keeps a record (%#)', async (kind, firstOnTie, values, kept) => {
    const records = values.map((v, at) => ({ k: 'k', v, at }))
    expect(await aggregate(kind, records, firstOnTie)).toEqual(kept.map((at) => records[at]))
  })
})
