import { expect, test } from 'vitest'
import { SeededRandom } from '../base/random.ts'
import { DelayedMessages } from './delayed-messages.ts'
import { SimulatedClock } from './simulated-clock.ts'

test('Messages arrive after a while, in the order in which they were sent', () => {
  const clock = new SimulatedClock()
  const messages = new DelayedMessages<number>(clock, new SeededRandom(3), 10)
  for (let n = 0; n < 100; n++) messages.put(n)
  const arrived: number[] = []
  while (Number.isFinite(messages.dueMs)) {
    expect(messages.dueMs).toBeLessThanOrEqual(10)
    clock.advanceTo(messages.dueMs)
    arrived.push(messages.take())
  }
  expect(arrived).toEqual(Array.from({ length: 100 }, (_, n) => n))
  expect(clock.monotonicMs()).toBeGreaterThan(5)
})

test('Without a delay they are there at once, and what was cleared never comes', () => {
  const clock = new SimulatedClock()
  const messages = new DelayedMessages<string>(clock, new SeededRandom(1), 0)
  messages.put('a')
  expect(messages.dueMs).toBe(clock.monotonicMs())
  messages.clear()
  expect(messages.dueMs).toBe(Number.POSITIVE_INFINITY)
})
