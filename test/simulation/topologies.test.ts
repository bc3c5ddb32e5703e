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

const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 16)

describe.each(await allTopologies())('In simulation, $name', ({ topology }) => {
  test.each([1, 2, 4])(`collects what it must at parallelism %i, over ${SEEDS} seeds`, async (parallelism) => {
    for (let seed = parallelism * 1_000; seed < parallelism * 1_000 + SEEDS; seed++) {
      try {
        const result = await runInSimulation(topology.default, { seed, parallelism, config: seed % 2 ? tight : {} })
        checkCollected(result.collected, topology.expected)
      } catch (error) {
        throw new Error(`seed ${seed}, parallelism ${parallelism}`, { cause: error })
      }
    }
  })
})
