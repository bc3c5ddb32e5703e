import { runInSimulation } from '@millrace/runtime/testing'
import { describe, test } from 'vitest'
import { allTopologies } from '../topologies/all-topologies.ts'
import { checkCollected } from '../topologies/check-collected.ts'

/** Small segments and few of them, so that even these jobs run out of credit. */
const tight = {
  'taskmanager.memory.segment-size': '4 kb',
  'taskmanager.network.memory.buffers-per-channel': 1,
  'taskmanager.network.memory.floating-buffers-per-gate': 1,
}

/** So many for each topology and parallelism; or this one, to see it again. */
const SEED_COUNT = Number(process.env.MILLRACE_SEEDS ?? 16)
const SEED = process.env.MILLRACE_SEED

describe.each(await allTopologies())('In simulation, $name', ({ topology }) => {
  test.each([1, 2, 4])('collects what it must at parallelism %i, whatever the seed', async (parallelism) => {
    for (const seed of seedsAt(parallelism)) {
      try {
        const result = await runInSimulation(topology.default, { seed, parallelism, config: seed % 2 ? tight : {} })
        checkCollected(result.collected, topology.expected)
      } catch (error) {
        throw new Error(`seed ${seed}, parallelism ${parallelism}: MILLRACE_SEED=${seed} runs it again`, {
          cause: error,
        })
      }
    }
  })
})

function seedsAt(parallelism: number): readonly number[] {
  if (SEED !== undefined) return [Number(SEED)]
  return Array.from({ length: SEED_COUNT }, (_, i) => parallelism * 1_000 + i)
}
