import { expect, test } from 'vitest'
import { aggregate } from './aggregate.ts'
import type { GaugeAggregation } from './metric-group.ts'

test.each<[GaugeAggregation, number]>([
  ['sum', 6],
  ['max', 7],
  ['min', -3],
])('The numbers of several subtasks become one: the %s', (aggregation, one) => {
  let before: number | undefined
  for (const value of [2, -3, 7]) before = aggregate(before, value, aggregation)
  expect(before).toBe(one)
})
