import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CurrentKey } from './current-key.ts'
import { HeapProcessingTimeTimers } from './heap-processing-time-timers.ts'

function world(): { readonly current: CurrentKey; readonly timers: HeapProcessingTimeTimers } {
  const current = new CurrentKey('Alert')
  return { current, timers: new HeapProcessingTimeTimers('timers', current) }
}

const step = fc.record({
  do: fc.constantFrom('register', 'register', 'delete', 'take'),
  key: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom<unknown>('a', ['b', 1], { c: 2 })),
  time: fc.integer({ min: 0, max: 40 }),
})

test('Timers fire once for each key and timestamp, in order of timestamps and then of registration', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const { current, timers } = world()
      let model: { readonly key: unknown; readonly time: number }[] = []
      const same = (key: unknown, time: number) => (timer: { key: unknown; time: number }) =>
        JSON.stringify(timer) === JSON.stringify({ key, time })
      for (const { do: what, key, time } of steps) {
        if (what === 'take') {
          // The sort is stable.
          const [first] = model.toSorted((a, b) => a.time - b.time)
          expect(timers.nextDueMs()).toBe(first?.time ?? Infinity)
          const isDue = first !== undefined && first.time <= time
          expect(timers.takeDue(time)).toBe(isDue ? first.time : undefined)
          if (!isDue) continue
          expect(current.original()).toEqual(first.key)
          model = model.filter((each) => each !== first)
          continue
        }
        current.set(key)
        if (what === 'register') {
          timers.register(time)
          if (!model.some(same(key, time))) model.push({ key, time })
        } else {
          timers.delete(time)
          model = model.filter((each) => !same(key, time)(each))
        }
        expect(timers.size).toBe(model.length)
      }
    }),
  )
})

test('A key may have many timers, and many keys one each', () => {
  const { current, timers } = world()
  current.set('busy')
  for (let i = 0; i < 1_000; i++) timers.register((i * 7) % 1_000)
  for (let i = 0; i < 1_000; i++) {
    current.set(i)
    timers.register(500)
  }
  current.set('busy')
  for (let i = 0; i < 1_000; i += 2) timers.delete(i)
  const fired: unknown[] = []
  for (let due = timers.takeDue(Infinity); due !== undefined; due = timers.takeDue(Infinity))
    fired.push([due, current.original()])
  const busy = Array.from({ length: 500 }, (_, i) => [i * 2 + 1, 'busy'])
  const others = Array.from({ length: 1_000 }, (_, i) => [500, i])
  expect(fired).toEqual([...busy.slice(0, 250), ...others, ...busy.slice(250)])
})

test.each([Number.NaN, Infinity, -Infinity])('A timer for %d is refused', (timestampMs) => {
  const { current, timers } = world()
  current.set(1)
  expect(() => timers.register(timestampMs)).toThrow(`Cannot register a timer for ${timestampMs}`)
})

test('A timer without a key is refused', () => {
  const { timers } = world()
  expect(() => timers.register(1)).toThrow('Cannot use keyed state of "Alert" here: no key is current')
})
