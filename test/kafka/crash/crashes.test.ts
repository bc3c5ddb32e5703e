// A job between two topics whose process is killed at any instant, and whose broker comes and goes.
import process from 'node:process'
import { SeededRandom } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { CrashWorld } from './crash-world.ts'
import { killPlan } from './kill-plan.ts'
import type { InputShape } from './numbered-input.ts'

const seed = Number(process.env.MILLRACE_SEED ?? 20_261_121)
const kills = Number(process.env.MILLRACE_KILLS ?? 50)
const shape: InputShape = { partitions: 8, keysPerPartition: 50, recordsPerKey: 500 }
const parallelism = 2

test(
  `200,000 records are written exactly once and in order by a job that is killed ${kills} times (seed ${seed})`,
  async () => {
    const plan = killPlan(new SeededRandom(seed), kills)
    const world = await CrashWorld.start(shape, seed)
    for (const [i, round] of plan.entries()) {
      world.input.release((i + 1) / (kills + 1))
      await world.job.round({ parallelism }, round)
    }
    const last = world.job.start({ parallelism }, 'to the end')
    await world.input.finish()
    await world.job.untilFinished(last)
    await world.expectExactlyOnce()
    // That many were planned; a run that was to die there and did not has failed the test.
    if (kills >= 50) expect(world.job.deathsAtPoints['sink-precommitted']).toBeGreaterThanOrEqual(10)
    if (process.env.MILLRACE_STORY === '1') console.log(world.job.story)
  },
  300_000 + kills * 20_000,
)
