import { describe, expect, test } from 'vitest'
import type { TypeInformation } from '../record/type-information.ts'
import { Types } from '../record/types.ts'
import {
  ListStateDescriptor,
  MapStateDescriptor,
  type StateDescriptorOptions,
  ValueStateDescriptor,
} from './state-descriptor.ts'
import { backendsOf, rescaled } from './testing/keyed-backends.ts'

type AnyType = TypeInformation<unknown> | undefined

/** What a value of one type is when its state is declared with another after a restore. */
async function restored(
  before: AnyType,
  value: unknown,
  after: AnyType,
  options: StateDescriptorOptions<unknown> = {},
): Promise<unknown> {
  const [backend] = backendsOf(1)
  backend!.setCurrentKey('k')
  backend!.valueState(new ValueStateDescriptor<unknown>('total', before)).update(value)
  const [next] = await rescaled([backend!], 1)
  next!.setCurrentKey('k')
  return next!.valueState(new ValueStateDescriptor<unknown>('total', after, options)).value()
}

const { INT, LONG, DOUBLE, STRING, BOOLEAN, GENERIC } = Types
const row = Types.row({ id: INT, name: STRING })
const ann = { id: 1, name: 'ann' }

describe('A restored value', () => {
  test.each<[string, AnyType, unknown, AnyType, StateDescriptorOptions<unknown>, unknown]>([
    ['the same type', row, ann, row, {}, ann],
    ['a wider number', INT, 5, LONG, {}, 5],
    ['the widest number', LONG, 5, DOUBLE, {}, 5],
    ['wider fields', row, ann, Types.row({ id: DOUBLE, name: STRING }), {}, ann],
    ['an optional field more', row, ann, Types.row({ id: INT, name: STRING, note: Types.optional(STRING) }), {}, ann],
    [
      'a field more with a default',
      row,
      ann,
      Types.row({ active: BOOLEAN, id: INT, name: STRING }),
      { fieldDefaults: { active: true } },
      { active: true, id: 1, name: 'ann' },
    ],
    ['a field less', row, ann, Types.row({ id: INT }), {}, { id: 1 }],
    ['other order of fields', row, ann, Types.row({ name: STRING, id: INT }), {}, { name: 'ann', id: 1 }],
    ['null allowed', STRING, 'x', Types.nullable(STRING), {}, 'x'],
    ['lists of wider elements', Types.list(INT), [1, 2], Types.list(LONG), {}, [1, 2]],
    ['anything', row, ann, GENERIC, {}, ann],
    ['nothing declared any more', row, ann, undefined, {}, ann],
    ['a type declared at last', undefined, ann, row, {}, ann],
    ['a type declared at last, wider than what was seen', undefined, 5, DOUBLE, {}, 5],
    ['a list declared at last', undefined, [1, 2], Types.list(INT), {}, [1, 2]],
    ['another type and a migration', STRING, '17', INT, { migrate: Number }, 17],
    ['another type and a migration, at last', undefined, '17', INT, { migrate: Number }, 17],
  ])('takes %s', async (_, before, value, after, options, expected) => {
    expect(await restored(before, value, after, options)).toStrictEqual(expected)
  })

  test.each<[string, AnyType, unknown, AnyType, string, string]>([
    ['a number for a text', STRING, 'x', INT, 'string', 'int'],
    ['a narrower number', DOUBLE, 5, INT, 'double', 'int'],
    [
      'a field more without a default',
      row,
      ann,
      Types.row({ id: INT, name: STRING, active: BOOLEAN }),
      '{id: int, name: string}',
      '{id: int, name: string, active: boolean}',
    ],
    ['null no longer', Types.nullable(INT), 1, INT, 'int | null', 'int'],
    ['a type that its values do not have', undefined, 'x', INT, 'string', 'int'],
  ])('refuses %s, and names both types', async (_, before, value, after, was, is) => {
    const refusal = restored(before, value, after)
    await expect(refusal).rejects.toThrow(
      `Cannot restore state "total" of operator "Sum": its values are ${was}, and ${is} is declared now.`,
    )
    await expect(refusal).rejects.toMatchObject({
      code: 'STATE_TYPE_CHANGED',
      facts: { state: 'total', operator: 'Sum', restored: was, declared: is },
    })
  })

  test('whose migration fails, or makes something else, is refused', async () => {
    const cause = new Error('no number')
    const throwing = restored(STRING, 'x', INT, {
      migrate: () => {
        throw cause
      },
    })
    await expect(throwing).rejects.toMatchObject({ code: 'MIGRATION_FAILED', cause })
    await expect(restored(STRING, 'x', INT, { migrate: () => 'y' })).rejects.toThrow(
      '`migrate` from string to int answered a value of another type',
    )
  })
})

test('Elements of lists and values of maps are brought to the type one by one; keys of maps must have it', async () => {
  const [backend] = backendsOf(1)
  backend!.setCurrentKey('k')
  backend!.listState(new ListStateDescriptor('list', STRING)).addAll(['1', '2'])
  backend!.mapState(new MapStateDescriptor('map', STRING, row)).put('a', ann)
  const [next] = await rescaled([backend!], 1)
  next!.setCurrentKey('k')
  expect(next!.listState(new ListStateDescriptor('list', INT, { migrate: Number })).get()).toEqual([1, 2])
  expect(() => next!.mapState(new MapStateDescriptor('map', INT, row))).toThrow(
    'its values are map<string, {id: int, name: string}>, and map<int, {id: int, name: string}> is declared now.',
  )
  const map = next!.mapState(new MapStateDescriptor('map', STRING, Types.row({ id: LONG })))
  expect([...map.entries()]).toEqual([['a', { id: 1 }]])
})
