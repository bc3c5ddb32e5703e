import { describe, expect, test } from 'vitest'
import {
  allocateSubtaskMetrics,
  COUNTERS_MAX,
  readCounter,
  readSubtaskNumbers,
  SubtaskMetrics,
} from './subtask-metrics.ts'

function world() {
  const memory = allocateSubtaskMetrics()
  const places = new Map<string, number>()
  const metrics = new SubtaskMetrics(memory, (name, place) => places.set(name, place))
  /** What the coordinator reads. */
  const counters = () => Object.fromEntries([...places].map(([name, place]) => [name, readCounter(memory, place)]))
  return { memory, metrics, counters }
}

test('The coordinator reads what a subtask has published last', () => {
  const { memory, metrics } = world()
  const numbers = {
    recordsIn: 1,
    recordsOut: 2,
    bytesIn: 3,
    bytesOut: 2 ** 40,
    busyMs: 0.5,
    backPressuredMs: 6,
    idleMs: 7,
  }
  metrics.publish({ ...numbers, recordsIn: 0 })
  metrics.publish(numbers)
  expect(readSubtaskNumbers(memory)).toEqual(numbers)
})

describe('A counter', () => {
  test('is the same one when it is asked for again, and read by the coordinator under its operator', () => {
    const { metrics, counters } = world()
    const group = metrics.group('Parse')
    const bad = group.counter('bad')
    bad.inc()
    group.counter('bad').inc(4)
    expect(bad.count()).toBe(5)
    metrics.group('Other').counter('bad').inc(2)
    expect(counters()).toEqual({ 'Parse.bad': 5, 'Other.bad': 2 })
  })

  test('is told from that of another operator of the same name', () => {
    const { metrics, counters } = world()
    const groups = [metrics.group('Map'), metrics.group('Map'), metrics.group('Map')]
    for (const [i, group] of groups.toReversed().entries()) group.counter('n').inc(i + 1)
    expect(counters()).toEqual({ 'Map.n': 3, 'Map#2.n': 2, 'Map#3.n': 1 })
  })

  test('is one of a bounded number', () => {
    const { metrics } = world()
    const group = metrics.group('Map')
    for (let i = 0; i < COUNTERS_MAX; i++) group.counter(`n${i}`)
    expect(() => group.counter('one too many')).toThrow(/at most 250 counters.*should not depend on the data/)
    expect(group.counter('n0').count()).toBe(0)
  })

  test.each([[''], ['x'.repeat(257)], [7], [undefined]])('needs a name, not %s', (name) => {
    const { metrics } = world()
    expect(() => metrics.group('Map').counter(name as string)).toThrow(/a name is a text of 1 to 256 characters/)
  })
})

test('A gauge goes up and down, and is read by the coordinator as counters are', () => {
  const { metrics, counters } = world()
  const lag = metrics.group('Read').gauge('lag')
  lag.set(7)
  lag.set(3)
  expect(counters()).toEqual({ 'Read.lag': 3 })
})

test('What a gauge of several subtasks is shown as is told with its name', () => {
  const told: unknown[] = []
  const metrics = new SubtaskMetrics(allocateSubtaskMetrics(), (...each) => told.push(each))
  const group = metrics.group('Read')
  group.counter('n')
  group.gauge('lag')
  group.gauge('lag-max', 'max')
  group.gauge('idle', 'min')
  expect(told).toEqual([
    ['Read.n', 0, 'counter'],
    ['Read.lag', 1, 'sum'],
    ['Read.lag-max', 2, 'max'],
    ['Read.idle', 3, 'min'],
  ])
})
