import { expect, test } from 'vitest'
import { drawFaultPlan } from '../../../packages/runtime/src/testing/faults/fault-plan.ts'
import { gates } from '../../../packages/runtime/src/testing/faults/observed-gates.ts'
import { runWithFaults } from '../../../packages/runtime/src/testing/faults/run-with-faults.ts'

/** Replays one seed, which says all: job, parallelism, settings, faults, and what happens when. */
const SEED = process.env.MILLRACE_SEED === undefined ? undefined : Number(process.env.MILLRACE_SEED)
/** In all files together. */
const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 1_000)
const SHARDS = 4
const SEEDS_PER_TEST = 25
/** A subtask that does not close is ended by force after so long. All else takes less, all together. */
const FORCED_AFTER_MS = 3_000

const replay = (seed: number): string => `MILLRACE_SEED=${seed} npm test -- test/simulation/faults/schedules`

/** Declares the tests of one of the files that share the schedules. */
export function testSchedules(shard: number): void {
  const size = Math.ceil(SEEDS / SHARDS)
  const firsts = Array.from({ length: Math.ceil(size / SEEDS_PER_TEST) }, (_, i) => shard * size + i * SEEDS_PER_TEST)
  if (SEED !== undefined) {
    // Any seed can be replayed, also one that is beyond those of the files.
    if (SEED % SHARDS === shard) test(`seed ${SEED}`, () => runSeed(SEED))
    else test.skip(`seed ${SEED} is another file's`, () => {})
    return
  }
  test.each(firsts)(`nothing is lost or doubled in the ${SEEDS_PER_TEST} schedules from seed %i on`, async (first) => {
    const end = Math.min(first + SEEDS_PER_TEST, (shard + 1) * size, SEEDS)
    for (let seed = first; seed < end; seed++) await runSeed(seed)
  })
}

async function runSeed(seed: number): Promise<void> {
  try {
    const { outputs, elapsedMs } = await runWithFaults(drawFaultPlan(seed))
    expect(outputs).toBeGreaterThan(0)
    expect(elapsedMs, 'virtual time: nothing is ended by force').toBeLessThan(FORCED_AFTER_MS)
    expect(gates.count, 'gates that were observed').toBeGreaterThan(0)
  } catch (error) {
    throw new Error(`Replay it by: ${replay(seed)}`, { cause: error })
  }
}
