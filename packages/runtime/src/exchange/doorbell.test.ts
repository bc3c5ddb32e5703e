import { expect, test } from 'vitest'
import { LocalDoorbell, SharedDoorbell } from './doorbell.ts'

// A wait keeps no thread alive; the test runner's own connections do here.

test('a wait for a bell that rang after it was read ends at once', () => {
  const doorbell = SharedDoorbell.allocate()
  const seen = doorbell.read()
  doorbell.ring()
  expect(doorbell.waitAsync(seen)).toBeUndefined()
})

test('a ring ends the wait', async () => {
  const doorbell = SharedDoorbell.allocate()
  const wait = doorbell.waitAsync(doorbell.read())
  new SharedDoorbell(doorbell.words).ring()
  await wait
  expect(doorbell.read()).toBe(1)
})

test('the time-out ends the wait', async () => {
  const doorbell = SharedDoorbell.allocate()
  await doorbell.waitAsync(doorbell.read(), 1)
  expect(doorbell.read()).toBe(0)
})

test('a wait that was given up is released by the next, which still hears the ring', async () => {
  const doorbell = SharedDoorbell.allocate()
  const givenUp = doorbell.waitAsync(doorbell.read())
  const wait = doorbell.waitAsync(doorbell.read())
  await givenUp
  doorbell.ring()
  await wait
  // Nobody waits any more, so a further ring finds no waiter.
  expect(Atomics.notify(doorbell.words, 0)).toBe(0)
})

test('LocalDoorbell tells once that it rang', () => {
  const doorbell = new LocalDoorbell()
  doorbell.ring()
  doorbell.ring()
  expect([doorbell.take(), doorbell.take()]).toEqual([true, false])
})
