// The same with another parallelism in between, by each of the ways to get there.
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { SeededRandom } from '@millrace/runtime/testing'
import { expect, test } from 'vitest'
import { CrashWorld } from './crash-world.ts'
import { killPlan } from './kill-plan.ts'
import type { InputShape } from './numbered-input.ts'

const seed = Number(process.env.MILLRACE_SEED ?? 20_261_122)
/** A multiple of four: so many before, between and after changes, and a quarter more within them. */
const kills = Math.ceil(Number(process.env.MILLRACE_KILLS ?? 12) / 4) * 4
const shape: InputShape = { partitions: 8, keysPerPartition: 50, recordsPerKey: 250 }
const runMsMax = 1_000
const changeMs = { min: 200, range: 1_300 }

test(
  `100,000 records are written exactly once and in order by a job that is killed ${kills * 1.25} times and rescaled (seed ${seed})`,
  async () => {
    const random = new SeededRandom(seed)
    const rounds = killPlan(random, kills).values()
    const world = await CrashWorld.start(shape, seed)
    const { job } = world
    let steps = 0
    const step = () => world.input.release(++steps / (kills * 1.25 + 4))
    const killRepeatedly = async (parallelism: number, count = kills / 4): Promise<void> => {
      for (const round of rounds.take(count)) {
        step()
        await job.round({ parallelism }, round)
      }
    }

    await killRepeatedly(2)

    // 2 -> 4 by a savepoint. It lies where `--resume` finds it, since the first runs may die before their first checkpoint.
    step()
    const stopped = job.start({ parallelism: 2 }, 'until a savepoint')
    const stoppedId = await job.idOf(stopped)
    await delay(random.below(runMsMax))
    const said = await job.succeed('stop', stoppedId, '-p', job.checkpoints, '--json')
    const { path: from } = JSON.parse(said) as { readonly path: string }
    await job.untilFinished(stopped)
    step()
    await job.round({ parallelism: 4, from }, rounds.next().value!)
    await killRepeatedly(4, kills / 4 - 1)

    // 4 -> 2 -> 4 in one process, which is killed behind it.
    const rescaled = job.start({ parallelism: 4 }, 'rescaled to 2 and to 4, and killed')
    const id = await job.idOf(rescaled)
    for (const parallelism of [2, 4]) {
      step()
      await delay(random.below(runMsMax))
      await job.succeed('rescale', id, '-p', String(parallelism))
    }
    await delay(random.below(runMsMax))
    await job.kill(rescaled)
    await killRepeatedly(4)

    // Killed at any instant of a change, which may be complete by then.
    for (let i = 0; i < kills / 4; i++) {
      step()
      const [parallelism, next] = i % 2 === 0 ? [4, 2] : [2, 4]
      const run = job.start({ parallelism }, 'killed while it is rescaled or stopped')
      const runId = await job.idOf(run)
      await delay(random.below(runMsMax))
      const change =
        i % 3 === 2
          ? job.attempt('stop', runId, '-p', job.checkpoints)
          : job.attempt('rescale', runId, '-p', String(next))
      await delay(changeMs.min + random.below(changeMs.range))
      run.child.kill('SIGKILL')
      job.tell(await run.ended)
      await change
    }

    await killRepeatedly(2)
    const last = job.start({ parallelism: 4 }, 'to the end')
    await world.input.finish()
    await job.untilFinished(last)
    await world.expectExactlyOnce()
    expect(job.deathsAtPoints['sink-precommitted']).toBeGreaterThan(0)
    if (process.env.MILLRACE_STORY === '1') console.log(job.story)
  },
  300_000 + kills * 25_000,
)
