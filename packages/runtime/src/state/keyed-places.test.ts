import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeyedPlaces } from './keyed-places.ts'

test('Each key has one place, whatever its type and however many there are', () => {
  const key = fc.oneof(
    fc.integer(),
    fc.integer({ min: -5, max: 5 }),
    fc.double({ noNaN: true }).map((value) => value + 0),
    fc.string(),
    fc.boolean(),
    fc.bigInt(),
  )
  fc.assert(
    fc.property(fc.array(key, { maxLength: 400 }), (keys) => {
      const places = new KeyedPlaces<{ readonly number: number }>()
      const model = new Map<unknown, number>()
      for (const [number, each] of keys.entries()) {
        expect(places.find(each)?.number).toBe(model.get(each))
        places.put(each, { number })
        model.set(each, number)
      }
      for (const [each, number] of model) expect(places.find(each)?.number).toBe(number)
    }),
  )
})

test('Integer keys keep their places while the table grows', () => {
  const places = new KeyedPlaces<{ readonly key: number }>()
  const keys = Array.from({ length: 5_000 }, (_, i) => Math.imul(i, 0x10000) ^ i)
  for (const key of keys) places.put(key, { key })
  for (const key of keys) expect(places.find(key)?.key).toBe(key)
})
