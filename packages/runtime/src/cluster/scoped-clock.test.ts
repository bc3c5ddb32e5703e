import { expect, test } from 'vitest'
import { SimulatedClock } from '../testing/simulated-clock.ts'
import { ScopedClock } from './scoped-clock.ts'

test('A ScopedClock fires its timers, but none that was canceled or outlives it', () => {
  const world = new SimulatedClock()
  const clock = new ScopedClock(world, () => {})
  const fired: string[] = []
  clock.schedule(1, () => fired.push('first'))
  clock.schedule(2, () => fired.push('canceled'))()
  clock.schedule(3, () => fired.push('too late'))
  world.advanceTo(2)
  clock.close()
  clock.schedule(1, () => fired.push('after the end'))
  world.advanceTo(100)
  expect({ fired, left: world.nextDueMs() }).toEqual({ fired: ['first'], left: Number.POSITIVE_INFINITY })
})

test('A ScopedClock reports what a callback throws', () => {
  const world = new SimulatedClock()
  const errors: unknown[] = []
  new ScopedClock(world, (error) => errors.push(error)).schedule(1, () => {
    throw 'a fit'
  })
  world.advanceTo(1)
  expect(errors).toEqual(['a fit'])
})
