import { defineJob } from '@millrace/runtime'
import { range } from './topology.ts'

interface Reading {
  readonly sensor: number
  readonly value: number
  readonly at: number
}

const readings = range(200).map((n): Reading => ({ sensor: n % 5, value: (n * 7919) % 101, at: n }))

export default defineJob('rolling-aggregates', (env) => {
  const keyed = env.fromCollection(readings).keyBy(({ sensor }) => sensor)
  keyed.sum('value').uid('sum').collect('sum')
  keyed.min('value').uid('min').collect('min')
  keyed.max('value').uid('max').collect('max')
  keyed.minBy('value').uid('minBy').collect('minBy')
  keyed.maxBy('value', { firstOnTie: false }).uid('maxBy').collect('maxBy')
})

function rolling(combine: (total: Reading, next: Reading) => Reading): Reading[] {
  const totals = new Map<number, Reading>()
  return readings.map((reading) => {
    const before = totals.get(reading.sensor)
    const total = before ? combine(before, reading) : reading
    totals.set(reading.sensor, total)
    return total
  })
}

export const expected = {
  sum: { inAnyOrder: rolling((total, next) => ({ ...total, value: total.value + next.value })) },
  min: { inAnyOrder: rolling((total, next) => ({ ...total, value: Math.min(total.value, next.value) })) },
  max: { inAnyOrder: rolling((total, next) => ({ ...total, value: Math.max(total.value, next.value) })) },
  minBy: { inAnyOrder: rolling((total, next) => (next.value < total.value ? next : total)) },
  maxBy: { inAnyOrder: rolling((total, next) => (next.value >= total.value ? next : total)) },
}
