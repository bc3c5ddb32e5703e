import { runInSimulation, type SimulationResult } from '@millrace/runtime/testing'
import { describe, expect, test } from 'vitest'
import { allTopologies } from '../topologies/all-topologies.ts'
import { checkCollected } from '../topologies/check-collected.ts'
import type { Topology } from '../topologies/topology.ts'

/** A seed says all: the parallelism, the settings, and what happens when. */
const parallelismOf = (seed: number) => Math.floor(seed / 1_000)

/** Segments so small and few that even these jobs run out of credit; other time-outs of buffers; no chains. */
function configOf(seed: number) {
  const timeouts = ['100 ms', '0 ms', '1 ms', '100 ms']
  return {
    'execution.buffer-timeout.interval': timeouts[seed % 4]!,
    'execution.buffer-timeout.enabled': seed % 4 !== 3,
    'pipeline.operator-chaining.enabled': seed % 10 !== 0,
    // The default size costs a simulation more than all its records.
    'taskmanager.memory.segment-size': seed % 10 === 9 ? '32 kb' : '4 kb',
    ...(seed % 3 !== 0 && {
      'taskmanager.network.memory.buffers-per-channel': 1,
      'taskmanager.network.memory.floating-buffers-per-gate': 1,
    }),
  }
}

/** 3 x 67: more than 200 for each topology. At most 1,000. */
const SEEDS = Number(process.env.MILLRACE_SEEDS ?? 67)
/** Replays one. */
const SEED = process.env.MILLRACE_SEED === undefined ? undefined : Number(process.env.MILLRACE_SEED)

function run(topology: Topology, seed: number): Promise<SimulationResult> {
  return runInSimulation(topology.default, { seed, parallelism: parallelismOf(seed), config: configOf(seed) })
}

const replay = (name: string, seed: number) =>
  `MILLRACE_SEED=${seed} npx vitest run test/simulation/topologies.test.ts -t "simulation, ${name} "`

describe.each(await allTopologies())('In simulation, $name', ({ name, topology }) => {
  test.each([1, 2, 4])(`collects what it must at parallelism %i, over ${SEEDS} seeds`, async (parallelism) => {
    for (let seed = parallelism * 1_000; seed < parallelism * 1_000 + SEEDS; seed++) {
      if (SEED !== undefined && seed !== SEED) continue
      try {
        checkCollected((await run(topology, seed)).collected, topology.expected)
      } catch (error) {
        throw new Error(`Replay it by: ${replay(name, seed)}`, { cause: error })
      }
    }
  })

  test('does the same when a seed is run again, in the same order', async () => {
    for (const seed of SEED === undefined ? [1_001, 2_002, 4_003] : [SEED]) {
      const [first, second] = [await run(topology, seed), await run(topology, seed)]
      for (const sink of Object.keys(topology.expected)) {
        expect(second.collected(sink), `${sink}: ${replay(name, seed)}`).toStrictEqual(first.collected(sink))
      }
      expect(second.metrics, replay(name, seed)).toEqual(first.metrics)
    }
  })
})
