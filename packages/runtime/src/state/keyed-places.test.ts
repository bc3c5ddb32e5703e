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
      let created = 0
      const places = new KeyedPlaces(() => ({ number: created++ }))
      const model = new Map<unknown, number>()
      for (const each of keys) {
        if (!model.has(each)) model.set(each, model.size)
        expect(places.at(each).number).toBe(model.get(each))
      }
      expect(created).toBe(model.size)
    }),
  )
})

test('Integer keys keep their places while the table grows', () => {
  const places = new KeyedPlaces(() => ({ key: undefined as number | undefined }))
  const keys = Array.from({ length: 5_000 }, (_, i) => Math.imul(i, 0x10000) ^ i)
  for (const key of keys) places.at(key).key = key
  for (const key of keys) expect(places.at(key).key).toBe(key)
})
