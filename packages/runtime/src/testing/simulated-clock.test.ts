import { expect, test } from 'vitest'
import { SimulatedClock } from './simulated-clock.ts'

/** What fired, and when. */
function world() {
  const clock = new SimulatedClock()
  const fired: [name: string, atMs: number][] = []
  const set = (name: string, delayMs: number) => clock.schedule(delayMs, () => fired.push([name, clock.monotonicMs()]))
  return { clock, fired, set }
}

test('Timers fire in the order of their times, and those of one time as they were set', () => {
  const { clock, fired, set } = world()
  for (const [name, delayMs] of [
    ['c', 20],
    ['a', 10],
    ['d', 20],
    ['b', 10],
    ['now', 0],
    ['odd', Number.NaN],
  ] as const) {
    set(name, delayMs)
  }
  set('past', -5)
  clock.advanceTo(15)
  expect(fired.splice(0)).toEqual([
    ['now', 0],
    ['odd', 0],
    ['past', 0],
    ['a', 10],
    ['b', 10],
  ])
  expect([clock.monotonicMs(), clock.nextDueMs()]).toEqual([15, 20])
  clock.advanceTo(20)
  expect(fired).toEqual([
    ['c', 20],
    ['d', 20],
  ])
  expect(clock.nextDueMs()).toBe(Number.POSITIVE_INFINITY)
})

test('A timer may set another, which fires on the same way if it is due', () => {
  const { clock, fired, set } = world()
  clock.schedule(10, () => {
    set('second', 5)
    set('third', 100)
  })
  clock.advanceTo(50)
  expect([fired, clock.monotonicMs(), clock.nextDueMs()]).toEqual([[['second', 15]], 50, 110])
})

test('A timer that is canceled does not fire; to cancel it again changes nothing', () => {
  const { clock, fired, set } = world()
  const cancel = set('a', 10)
  set('b', 10)
  cancel()
  cancel()
  clock.advanceTo(10)
  cancel()
  expect(fired).toEqual([['b', 10]])
})

test('Time never runs back, and the wall clock goes with it in whole milliseconds', () => {
  const { clock } = world()
  const start = clock.now()
  clock.advanceTo(1.9)
  clock.advanceTo(0.5)
  expect([clock.monotonicMs(), clock.now() - start]).toEqual([1.9, 1])
})
