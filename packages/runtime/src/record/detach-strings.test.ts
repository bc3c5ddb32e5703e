import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { detach } from './detach-strings.ts'
import { anyValue } from './testing/arbitrary-record.ts'
import { isExactCopy } from './testing/exact.ts'

const long = (text: string): string => `${text} of more than 13`

test('Detaching keeps every value as it is, and the object that it was given unchanged', () => {
  fc.assert(
    fc.property(anyValue(), anyValue(), (value, previous) => {
      expect(isExactCopy(value, detach(value, previous))).toBe(true)
      expect(isExactCopy(value, detach(value, value))).toBe(true)
    }),
  )
})

test('Detaching copies only objects with a long text, and answers others themselves', () => {
  const short = [{ a: 1, b: 'short' }, ['a', 1], new Map([['a', { b: 1 }]]), new Date(0), null, 5, 'word']
  const others = [{ a: 1, b: long('b') }, [long('a')], new Map([[long('k'), 1]]), { deep: [{ text: long('d') }] }]
  for (let round = 0; round < 3; round++) {
    expect(short.map((value) => detach(value) === value)).toEqual(short.map(() => true))
    expect(others.map((value) => [detach(value) === value, detach(value)])).toEqual(
      others.map((value) => [false, value]),
    )
  }
})

test('Detaching leaves instances of classes as they are', () => {
  class User {
    name = long('name')
  }
  const user = new User()
  expect(detach({ user })).toEqual({ user })
  expect(detach(user)).toBe(user)
})

test('A detached text does not keep the text alive that it was cut from', () => {
  setFlagsFromString('--expose_gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const heapAfter = (keep: (cut: string) => unknown): number => {
    const kept: unknown[] = []
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 100; i++) kept.push(keep(Buffer.alloc(100_000, 97).toString('latin1').substring(100, 120)))
    collectGarbage()
    expect(kept.length).toBe(100)
    return process.memoryUsage().heapUsed - before
  }
  const pinned = heapAfter((cut) => cut)
  const detached = heapAfter((cut) => [detach(cut), detach({ id: 1, text: cut })])
  expect({ pinned: pinned > 5_000_000, detached: detached > 1_000_000 }).toEqual({ pinned: true, detached: false })
})
