import { expect, test } from 'vitest'
import { aggregate } from './aggregate.ts'
import type { MetricKind } from './metric-group.ts'

test.each<[MetricKind, number]>([
  ['counter', 6],
  ['sum', 6],
  ['max', 7],
  ['min', -3],
])('The numbers of several subtasks become one: %s', (kind, one) => {
  let before: number | undefined
  for (const value of [2, -3, 7]) before = aggregate(before, value, kind)
  expect(before).toBe(one)
})
