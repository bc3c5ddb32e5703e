import { expect, test } from 'vitest'
import { drawFaultPlan } from '../../../packages/runtime/src/testing/faults/fault-plan.ts'
import { runWithFaults } from '../../../packages/runtime/src/testing/faults/run-with-faults.ts'

async function story(seed: number): Promise<readonly string[]> {
  const told: string[] = []
  const summary = await runWithFaults(drawFaultPlan(seed), { trace: (what) => told.push(what) })
  return [...told, JSON.stringify(summary)]
}

test('a seed tells the same story each time, with its faults at the same steps', async () => {
  for (let seed = 0; seed < 40; seed++) {
    const told = await story(seed)
    expect(await story(seed), `seed ${seed}`).toEqual(told)
  }
})

test('schedules crash, restart, rescale and restore, most of them more than once', async () => {
  let [runs, restarts, rescales, snapshots] = [0, 0, 0, 0]
  for (let seed = 0; seed < 40; seed++) {
    const summary = await runWithFaults(drawFaultPlan(seed))
    runs += summary.runs
    restarts += summary.restarts
    rescales += summary.rescales
    snapshots += summary.snapshots
  }
  expect(runs).toBeGreaterThan(50)
  expect(restarts).toBeGreaterThan(60)
  expect(rescales).toBeGreaterThan(25)
  expect(snapshots).toBeGreaterThan(250)
})
