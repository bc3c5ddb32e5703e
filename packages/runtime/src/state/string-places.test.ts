import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StringPlaces } from './string-places.ts'

/** Texts that all have the same hash: `Aa` and `BB` have. */
function colliding(count: number): readonly string[] {
  const digits = Math.ceil(Math.log2(count))
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: digits }, (_, digit) => ((i >> digit) & 1 ? 'Aa' : 'BB')).join(''),
  )
}

test('Each text has one place until it is removed, also among texts that share a hash', () => {
  const key = fc.oneof(
    fc.string(),
    fc.constantFrom(...colliding(300)),
    fc.integer({ min: 0, max: 400 }).map((i) => `user-${i}`),
  )
  const step = fc.oneof(
    fc.record({ put: key }),
    fc.record({ put: key }),
    fc.record({ remove: key }),
    fc.record({ find: key, replace: key }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 900, size: 'max' }), (steps) => {
      const places = new StringPlaces<number>()
      const model = new Map<string, number>()
      for (const [number, each] of steps.entries()) {
        if ('put' in each) {
          expect(places.put(each.put, number)).toBe(!model.has(each.put))
          model.set(each.put, number)
        } else if ('find' in each) {
          expect(places.find(each.find)).toBe(model.get(each.find))
          if (places.replaceFound(each.replace, number)) model.set(each.replace, number)
        } else {
          places.remove(each.remove)
          model.delete(each.remove)
        }
      }
      expect(places.size).toBe(model.size)
      const seen = new Map<string, number>()
      places.forEach((at, number) => seen.set(at, number))
      expect(seen).toEqual(model)
      for (const [at, number] of model) expect(places.find(at)).toBe(number)
      for (const at of colliding(300)) expect(places.find(at)).toBe(model.get(at))
    }),
  )
})

test('What was found last is replaced without a search, until it is gone or somewhere else', () => {
  const places = new StringPlaces<number>()
  for (const key of ['a', 'b', 'ü', 'x'.repeat(100)]) {
    places.put(key, 1)
    places.find(key)
    expect([places.replaceFound(key, 2), places.find(key)]).toEqual([true, 2])
  }
  expect(places.replaceFound('a', 3)).toBe(false)
  places.find('a')
  places.remove('b')
  expect(places.replaceFound('a', 3)).toBe(false)
  places.find('a')
  for (let i = 0; i < 100; i++) places.put(`user-${i}`, i)
  expect([places.replaceFound('a', 3), places.find('a')]).toEqual([false, 2])
})

test('Texts that differ in their lengths only, or beyond Latin-1, have places of their own', () => {
  const places = new StringPlaces<number>()
  const keys = ['', '\0', '\0\0', 'a', 'a\0', 'a\0\0\0', 'a\0\0\0\0', 'ÿ', '\u0100', '\u01ff', '\u{1f600}', 'a\u0100']
  for (const [i, key] of keys.entries()) places.put(key, i)
  expect(keys.map((key) => places.find(key))).toEqual(keys.map((_, i) => i))
})

test('Long texts that differ only in the middle have places of their own', () => {
  const places = new StringPlaces<number>()
  const keys = Array.from({ length: 500 }, (_, i) => `${'a'.repeat(40)}${i}${'b'.repeat(40)}`)
  for (const [i, key] of keys.entries()) places.put(key, i)
  expect(keys.map((key) => places.find(key))).toEqual(keys.map((_, i) => i))
})

test('A table for many keys that are expected grows once', () => {
  const places = new StringPlaces<number>()
  places.expect(1_000)
  const slotCounts = new Set<number>()
  for (let i = 0; i < 1_000; i++) {
    places.put(`user-${i}`, i)
    slotCounts.add(places.slotCount)
  }
  expect([...slotCounts]).toEqual([64, 2_048])
  for (let i = 0; i < 1_000; i++) places.remove(`user-${i}`)
  expect([places.size, places.slotCount]).toEqual([0, 64])
})
