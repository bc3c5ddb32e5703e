import { expect, test } from 'vitest'
import { drawFaultPlan } from '../../../packages/runtime/src/testing/faults/fault-plan.ts'
import { runWithFaults } from '../../../packages/runtime/src/testing/faults/run-with-faults.ts'

test('a rescale whose old attempt dies on its way out fails, and the job goes on at the old parallelism from the savepoint', async () => {
  const outcomes: string[] = []
  for (let seed = 0; seed < 20; seed++) {
    const quiet = drawFaultPlan(seed, { withoutFaults: true })
    const plan = {
      ...quiet,
      parallelism: 2,
      storage: { ...quiet.storage, latencyMsMax: 0 },
      rescales: [{ how: 'rescale' as const, afterRecords: 30, isAfterRestart: false, parallelism: 3 }],
    }
    let stepsSinceSavepoint = 0
    await runWithFaults(plan, {
      trace: (what) => {
        if (/rescale (done|failed)/.test(what)) outcomes.push(what)
      },
      onStep: ({ slots, storage }) => {
        const isThere = [...storage.files().keys()].some((path) => /savepoint-.*_metadata$/.test(path))
        if (isThere && ++stepsSinceSavepoint === 3 + (seed % 10)) slots.kill(1, new Error('the thread died'))
      },
    })
  }
  expect(outcomes).toHaveLength(20)
  const wentOn = outcomes.filter((what) =>
    /could not be started when it was to run at parallelism 3.* goes on at the old parallelism/.test(what),
  )
  expect(wentOn.length, outcomes.join('\n')).toBeGreaterThan(3)
})
