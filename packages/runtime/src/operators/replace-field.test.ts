import { expect, test } from 'vitest'
import { FieldReplacers } from './replace-field.ts'

class Reading {
  constructor(value: number) {
    this.value = value
  }
  readonly value: number
}

function replaced(record: unknown, field: string | number): unknown {
  return new FieldReplacers(field).for(record)(record as never, 9)
}

test('A field is replaced in a copy that is like the record in all else', () => {
  expect(replaced({ a: 1, b: 'x', c: undefined }, 'a')).toEqual({ a: 9, b: 'x', c: undefined })
  expect(Object.keys(replaced({ b: 1, a: 2 }, 'a') as object)).toEqual(['b', 'a'])
  expect(replaced(['k', 1, 2], 1)).toEqual(['k', 9, 2])
  expect(replaced({ 'it"s': 1, value: 2 }, 'value')).toEqual({ 'it"s': 1, value: 9 })
})

test('An instance keeps its class, and an odd record its own keys', () => {
  expect(replaced(new Reading(1), 'value')).toEqual(new Reading(9))
  expect(replaced(new Reading(1), 'value')).toBeInstanceOf(Reading)
  const odd = JSON.parse('{"__proto__": 1, "value": 2}') as object
  expect(Object.entries(replaced(odd, 'value') as object)).toEqual([
    ['__proto__', 1],
    ['value', 9],
  ])
})

test('The record itself stays as it was', () => {
  const record = Object.freeze({ a: 1 })
  expect(replaced(record, 'a')).toEqual({ a: 9 })
  expect(record).toEqual({ a: 1 })
})
