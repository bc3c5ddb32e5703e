import { expect, test } from 'vitest'
import { drawFaultPlan, FAULT_JOB_SHAPES } from './fault-plan.ts'
import { FAULT_POINTS, FaultPoints, InjectedFault } from './fault-points.ts'

const plans = Array.from({ length: 1_000 }, (_, seed) => drawFaultPlan(seed))

test('The same seed draws the same plan, as plain data', () => {
  expect(drawFaultPlan(7)).toEqual(plans[7])
  expect(JSON.parse(JSON.stringify(plans[7]))).toEqual(plans[7])
})

test('A thousand seeds have every shape, every place of a crash, every way to rescale, and some seeds nothing at all', () => {
  expect(new Set(plans.map(({ shape }) => shape))).toEqual(new Set(FAULT_JOB_SHAPES))
  const crashes = plans.flatMap((plan) => plan.crashes)
  const places = FAULT_POINTS.flatMap((point) => [`${point} throw`, `${point} kill`])
  expect(new Set(crashes.map(({ point, effect }) => `${point} ${effect}`))).toEqual(new Set(places))
  const rescales = plans.flatMap((plan) => plan.rescales.map(({ how, parallelism }) => `${how} ${parallelism}`))
  const ways = ['rescale', 'stop', 'power', 'savepoint'].flatMap((how) => [1, 2, 3, 4].map((p) => `${how} ${p}`))
  expect(new Set(rescales)).toEqual(new Set(ways))
  const quiet = plans.filter((plan) => plan.crashes.length + plan.kills.length + plan.rescales.length === 0)
  expect(quiet.length).toBeGreaterThan(20)
})

test('Without faults a plan has the same input, and nothing goes wrong', () => {
  const { crashes, kills, rescales, storage, splitCounts } = drawFaultPlan(3, { withoutFaults: true })
  expect({ crashes, kills, rescales }).toEqual({ crashes: [], kills: [], rescales: [] })
  expect(storage).toMatchObject({ failuresMax: 0, fullPeriods: [] })
  expect(splitCounts).toEqual(plans[3]!.splitCounts)
})

test('A planned crash strikes once, when its point has been reached so often', () => {
  const killed: number[] = []
  const faults = new FaultPoints(
    [
      { point: 'commit', count: 2, effect: 'throw' },
      { point: 'commit', count: 3, effect: 'kill' },
      { point: 'committed', count: 9, effect: 'throw' },
    ],
    (subtaskIndex) => killed.push(subtaskIndex),
  )
  faults.reach('commit', 0)
  faults.reach('sink write', 0)
  expect(() => faults.reach('commit', 1)).toThrow(InjectedFault)
  expect(killed).toEqual([])
  faults.reach('commit', 4)
  faults.reach('commit', 4)
  expect(killed).toEqual([4])
  expect(faults.left).toEqual([{ point: 'committed', count: 9, effect: 'throw' }])
})
