import { describe, expect, test } from 'vitest'
import { PAUSED_MAX, PausedIteration } from './paused-iteration.ts'

/** A paused iteration whose output takes `room` records. */
function world(room = Number.POSITIVE_INFINITY) {
  const out: unknown[] = []
  const availability = { stop: false }
  const paused = new PausedIteration()
  const emit = (value: unknown) => {
    out.push(value)
    if (out.length >= room) availability.stop = true
  }
  paused.connect({
    emit,
    side: () => {},
    collector: { collect: emit },
    fail: (_, error) => {
      throw error
    },
    availability,
    wake: () => {},
  })
  /** There is room for so many more. */
  const makeRoom = (more: number) => {
    room = out.length + more
    availability.stop = false
  }
  return { out, availability, paused, makeRoom }
}

function* numbers(from: number, to = Number.POSITIVE_INFINITY): Generator<number> {
  for (let i = from; i <= to; i++) yield i
}

describe('What a function returned', () => {
  test('is emitted at once while there is room', () => {
    const { out, paused } = world()
    paused.offer([1, 2], 'r')
    paused.offer(new Set([3]), 'r')
    paused.offer(numbers(4, 5), 'r')
    expect(out).toEqual([1, 2, 3, 4, 5])
    expect([paused.holding, paused.resume()]).toEqual([false, 'done'])
  })

  test('pauses between two values without room, and goes on in the order of the records', () => {
    const { out, paused, makeRoom, availability } = world(2)
    const input = (value: unknown) => paused.offer(numbers(Number(value), Number(value) + 2), value)
    input(10)
    expect([paused.holding, paused.resume()]).toEqual([true, 'blocked'])
    paused.hold(input, 20)
    paused.hold(input, 30)
    makeRoom(3)
    expect(paused.resume()).toBe('progress')
    expect(out).toEqual([10, 11, 12, 20, 21])
    makeRoom(100)
    expect([paused.resume(), paused.holding, availability.stop, paused.resume()]).toEqual([
      'progress',
      false,
      false,
      'done',
    ])
    expect(out).toEqual([10, 11, 12, 20, 21, 22, 30, 31, 32])
  })

  test('waits as a whole if there is no room to begin with', () => {
    const { out, paused, availability } = world()
    availability.stop = true
    paused.offer([1], 'r')
    expect([paused.holding, paused.resume(), out]).toEqual([true, 'blocked', []])
    availability.stop = false
    expect([paused.resume(), paused.holding, out]).toEqual(['progress', false, [1]])
  })

  test('may be endless: others get their turn though there is room', () => {
    const { out, paused, availability } = world()
    paused.offer(numbers(0), 'r')
    expect([out.length, availability.stop, paused.holding]).toEqual([1_024, true, true])
    availability.stop = false
    expect([paused.resume(), out.length, availability.stop]).toEqual(['progress', 2_048, true])
  })

  test('is ended when it is abandoned, and what waits behind it is lost', () => {
    const { out, paused } = world(1)
    const ends: string[] = []
    const input = () => {
      throw new Error('never called')
    }
    paused.offer(
      (function* () {
        try {
          yield 1
          yield 2
        } finally {
          ends.push('finally')
        }
      })(),
      'r',
    )
    paused.hold(input, 'lost')
    paused.abandon()
    paused.abandon()
    expect([out, ends]).toEqual([[1], ['finally']])
  })

  test.each([
    ['NOT_ITERABLE', 'text', 'a string'],
    ['NOT_ITERABLE', 7, 'a number'],
    ['NOT_ITERABLE', null, 'null'],
    ['NOT_ITERABLE', { a: 1 }, 'an object that is not iterable'],
    ['PROMISE_RETURNED', Promise.resolve([1]), 'a promise'],
    ['PROMISE_RETURNED', (async function* () {})(), 'a promise'],
  ])('is refused with %s if it is %s', (code, returned, message) => {
    const { paused } = world()
    expect(() => paused.offer(returned, 'r')).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })

  test('may fail to be iterated', () => {
    const failing = {
      [Symbol.iterator]() {
        throw new RangeError('no iterator')
      },
    }
    expect(() => world().paused.offer(failing, 'r')).toThrow(RangeError)
  })
})

test('Many held records are taken in time that grows with their number, and no more than a bound', () => {
  const { out, paused, makeRoom } = world(1)
  paused.offer([0, 1], 'first')
  const input = (value: unknown) => paused.offer([value], value)
  for (let i = 2; i < PAUSED_MAX + 2; i++) paused.hold(input, i)
  expect(() => paused.hold(input, 'one too many')).toThrow(/Write that function as a generator/)
  let visits = 0
  do {
    makeRoom(Number.POSITIVE_INFINITY)
    visits++
  } while (paused.resume() !== 'done')
  expect(out).toEqual(Array.from({ length: PAUSED_MAX + 2 }, (_, i) => i))
  expect(visits).toBeLessThan(PAUSED_MAX / 50)
})
