// The same with another parallelism in between, by each of the ways to get there.
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { SeededRandom } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { CrashWorld } from './crash-world.ts'
import { killPlan } from './kill-plan.ts'
import type { InputShape } from './numbered-input.ts'

const seed = Number(process.env.MILLRACE_SEED ?? 20_261_122)
/** In each of five parts of the test. */
const kills = Math.ceil(Number(process.env.MILLRACE_KILLS ?? 25) / 5)
const shape: InputShape = { partitions: 8, keysPerPartition: 50, recordsPerKey: 250 }
const runMsMax = 1_000
const rescaleMsMax = 1_000

test(
  `100,000 records are written exactly once and in order by a job that is killed and rescaled (seed ${seed})`,
  async () => {
    const random = new SeededRandom(seed)
    await using world = await CrashWorld.start(shape, seed)
    const { job, input } = world
    let done = 0
    const killRepeatedly = async (parallelism: number): Promise<void> => {
      for (const round of killPlan(random, kills)) {
        input.release(++done / (6 * kills + 1))
        await job.round({ parallelism }, round)
      }
    }

    await killRepeatedly(2)

    // 2 -> 4 by a savepoint. It lies where `--resume` finds it, since the first runs may die before their first checkpoint.
    const stopped = job.start({ parallelism: 2 }, 'until a savepoint')
    const stoppedId = await job.idOf(stopped)
    await delay(random.below(runMsMax))
    const { path: from } = JSON.parse(await job.succeed('stop', stoppedId, '-p', job.checkpoints, '--json')) as {
      readonly path: string
    }
    await job.untilFinished(stopped)
    const [first, ...others] = killPlan(random, kills)
    await job.round({ parallelism: 4, from }, first!)
    for (const round of others) {
      input.release(++done / (6 * kills + 1))
      await job.round({ parallelism: 4 }, round)
    }

    // 4 -> 2 -> 4 in one process, which is killed behind it.
    const rescaled = job.start({ parallelism: 4 }, 'rescaled to 2 and to 4, and killed')
    const id = await job.idOf(rescaled)
    for (const parallelism of [2, 4]) {
      await delay(random.below(runMsMax))
      input.release(++done / (6 * kills + 1))
      await job.succeed('rescale', id, '-p', String(parallelism))
    }
    await delay(random.below(runMsMax))
    await job.kill(rescaled)
    await killRepeatedly(4)

    // Killed while it is being rescaled, at any instant of it.
    for (let i = 0; i < kills; i++) {
      input.release(++done / (6 * kills + 1))
      const parallelism = i % 2 === 0 ? 4 : 2
      const run = job.start({ parallelism }, 'killed while it is rescaled')
      const runId = await job.idOf(run)
      await delay(random.below(runMsMax))
      const rescaling = job.attempt('rescale', runId, '-p', String(6 - parallelism))
      await delay(random.below(rescaleMsMax))
      await job.kill(run)
      await rescaling
    }

    await killRepeatedly(2)
    const last = job.start({ parallelism: 4 }, 'to the end')
    await input.finish()
    await job.untilFinished(last)
    await world.expectExactlyOnce()
    expect(job.deathsAtPoints['sink-precommitted']).toBeGreaterThan(0)
    if (process.env.MILLRACE_STORY === '1') console.log(job.story)
  },
  60_000 + 6 * kills * 12_000,
)
