import { expect, test } from 'vitest'
import { Types } from '../record/types.ts'
import {
  AggregatingStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  ValueStateDescriptor,
} from './state-descriptor.ts'

test.each([
  [
    'an empty name',
    () => new ValueStateDescriptor(''),
    'Cannot describe a state named "": a name is a text that is not empty',
  ],
  ['no name', () => new ValueStateDescriptor(undefined as never), 'Cannot describe a state named undefined'],
  ['another type', () => new ValueStateDescriptor('n', 'long' as never), 'its type is neither a TypeInformation'],
  ['another key type', () => new MapStateDescriptor('n', {} as never), 'its type is neither a TypeInformation'],
  ['another time to live', () => new ValueStateDescriptor('n', undefined, { ttl: 5 as never }), '`ttl` is made by'],
  ['no migration', () => new ValueStateDescriptor('n', undefined, { migrate: 1 as never }), '`migrate` is a function'],
  ['no reduce', () => new ReducingStateDescriptor('n', undefined as never), 'needs a function of two values'],
  ['no aggregate', () => new AggregatingStateDescriptor('n', {} as never), 'needs an object with createAccumulator'],
])('A descriptor with %s is refused', (_, make, message) => {
  expect(make).toThrow(message)
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_DESCRIPTOR' }))
})

test('A type may be declared by a Standard Schema', () => {
  const schema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => ({ value: value as number }),
      jsonSchema: { output: () => ({ type: 'integer' }), input: () => ({ type: 'integer' }) },
    },
  } as const
  expect(new ValueStateDescriptor('n', schema).type).toEqual(Types.LONG)
})
