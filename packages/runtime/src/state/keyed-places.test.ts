import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalKey } from '../keys/canonical-key.ts'
import { keyGroupOfCanonical } from '../keys/parse-canonical-key.ts'
import { KeyedPlaces } from './keyed-places.ts'

const key = fc.oneof(
  fc.integer(),
  fc.integer({ min: -5, max: 5 }),
  // Many that share a slot.
  fc.integer({ min: 0, max: 40 }).map((i) => i << 16),
  fc.double({ noNaN: true }).map((value) => value + 0),
  fc.string(),
  fc.boolean(),
  fc.bigInt(),
)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ put: key }) },
  { weight: 3, arbitrary: fc.record({ remove: key }) },
  { weight: 1, arbitrary: fc.record({ find: key }) },
)

test('Each key has one place until it is removed, whatever its type and however many there are', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), (steps) => {
      const places = new KeyedPlaces<{ readonly number: number }>()
      const model = new Map<unknown, number>()
      for (const [number, each] of steps.entries()) {
        if ('put' in each) {
          places.put(each.put, { number })
          model.set(each.put, number)
        } else if ('remove' in each) {
          places.remove(each.remove)
          model.delete(each.remove)
        } else expect(places.find(each.find)?.number).toBe(model.get(each.find))
      }
      expect(places.size).toBe(model.size)
      const seen = new Map<unknown, number>()
      places.forEach((at, { number }) => seen.set(at, number))
      expect(seen).toEqual(model)
      for (const [each, number] of model) expect(places.find(each)?.number).toBe(number)
    }),
  )
})

test('Each key is visited with its key group, also when others have come and gone since the last visit', () => {
  const visit = fc.constant({ visit: true } as const)
  fc.assert(
    fc.property(fc.array(fc.oneof(step, visit), { maxLength: 300, size: 'max' }), (steps) => {
      const places = new KeyedPlaces<number>()
      const model = new Map<unknown, number>()
      const check = () => {
        const seen = new Map<unknown, readonly [number, number]>()
        places.forEachByKeyGroup(128, { visit: (at, place, keyGroup) => seen.set(at, [place, keyGroup]) })
        expect(seen).toEqual(new Map([...model].map(([at, place]) => [at, [place, keyGroupOfCanonical(at, 128)]])))
      }
      for (const [number, each] of steps.entries()) {
        if ('put' in each) {
          const canonical = canonicalKeyOrZero(each.put)
          places.put(canonical, number)
          model.set(canonical, number)
        } else if ('remove' in each) {
          places.remove(canonicalKeyOrZero(each.remove))
          model.delete(canonicalKeyOrZero(each.remove))
        } else if ('visit' in each) check()
      }
      check()
      places.clear()
      model.clear()
      check()
      places.put('user-1', 1)
      model.set('user-1', 1)
      check()
    }),
  )
})

/** Bigints above 64 bits are no keys. */
function canonicalKeyOrZero(each: unknown): unknown {
  return typeof each === 'bigint' ? BigInt.asIntN(64, each) : canonicalKey(each)
}

test('Integer keys keep their places while the table grows, and while it shrinks', () => {
  const places = new KeyedPlaces<{ readonly key: number }>()
  const keys = Array.from({ length: 5_000 }, (_, i) => Math.imul(i, 0x10000) ^ i)
  for (const each of keys) places.put(each, { key: each })
  for (const each of keys) expect(places.find(each)?.key).toBe(each)
  for (const each of keys.slice(10)) places.remove(each)
  expect(places.size).toBe(10)
  for (const [i, each] of keys.entries()) expect(places.find(each)?.key).toBe(i < 10 ? each : undefined)
})

test('A key that is put as new is only one if it was not there', () => {
  const places = new KeyedPlaces<object>()
  expect([1, 'a', 1, 'a', 2].map((each) => places.putNew(each, {}))).toEqual([true, true, false, false, true])
})

test('Visits of some keys come to all keys in turn, and may remove them', () => {
  const places = new KeyedPlaces<object>()
  const keys = [...Array.from({ length: 50 }, (_, i) => i * 7), ...Array.from({ length: 50 }, (_, i) => `text ${i}`)]
  for (const each of keys) places.put(each, {})
  const seen = new Set<unknown>()
  for (let round = 0; round < 40; round++) places.visitSome(5, (each) => seen.add(each))
  expect(seen).toEqual(new Set(keys))
  for (let round = 0; round < 80; round++) places.visitSome(5, (each) => places.remove(each))
  expect(places.size).toBe(0)
  places.visitSome(5, () => expect.fail('nothing is left'))
})

test('What is cleared has no key, and takes new ones', () => {
  const places = new KeyedPlaces<number>()
  places.put(1, 1)
  places.put('a', 1)
  places.clear()
  places.put(1, 2)
  expect([places.size, places.find(1), places.find('a')]).toEqual([1, 2, undefined])
})
