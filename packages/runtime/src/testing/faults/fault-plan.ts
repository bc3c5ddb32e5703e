import { type Random, SeededRandom } from '../../base/random.ts'
import type { StorageFaults } from '../simulated-storage.ts'
import { FAULT_POINTS, type PlannedCrash } from './fault-points.ts'

/** How the records get from the sources to the keyed function, and from there to the sink. */
export const FAULT_JOB_SHAPES = ['direct', 'rebalanced', 'rekeyed', 'union', 'connected', 'broadcast'] as const
export type FaultJobShape = (typeof FAULT_JOB_SHAPES)[number]

/** What somebody does to the running job: all but one change its parallelism. */
export interface PlannedRescale {
  /**
   * `rescale`: in one step; `stop`: stopped with a savepoint, and run again from it; `power`: the machine stops, and the job
   * resumes from the newest complete checkpoint; `savepoint`: one is taken while the job goes on.
   */
  readonly how: 'rescale' | 'stop' | 'power' | 'savepoint'
  /** When so many records have come to the sink. */
  readonly afterRecords: number
  /** Not before the next restart, when the attempt before has left things half done. */
  readonly isAfterRestart: boolean
  readonly parallelism: number
}

/** A slot whose thread ends after so many steps of the simulation. */
export interface PlannedKill {
  readonly afterSteps: number
  /** Which of those that live, modulo their number. */
  readonly slot: number
}

/** All that a seed decides beside the interleaving. */
export interface FaultPlan {
  readonly seed: number
  readonly shape: FaultJobShape
  readonly mode: 'EXACTLY_ONCE' | 'AT_LEAST_ONCE'
  readonly parallelism: number
  readonly sourceParallelism: number
  readonly keyCount: number
  /** By source: how many records each of its splits has. */
  readonly splitCounts: readonly (readonly number[])[]
  /** Virtual time between two records of a reader at most. */
  readonly pauseMsMax: number
  readonly timerDelayMsMax: number
  readonly crashes: readonly PlannedCrash[]
  readonly kills: readonly PlannedKill[]
  readonly storage: StorageFaults
  readonly messageDelayMsMax: number
  readonly rescales: readonly PlannedRescale[]
  readonly claimMode: 'CLAIM' | 'NO_CLAIM'
  readonly config: Readonly<Record<string, string | number | boolean>>
}

/** What a test may fix in advance. */
export interface FaultPlanSettings {
  /** Nothing goes wrong, and nothing is rescaled. */
  readonly withoutFaults?: boolean
}

const CRASHES_MAX = 3
const STORAGE_FAILURES_MAX = 3

/** Decides what happens in the run of a seed. The same seed decides the same. */
export function drawFaultPlan(seed: number, { withoutFaults = false }: FaultPlanSettings = {}): FaultPlan {
  // Not the generator of the run itself: its first draws would be the same.
  const random = new SeededRandom(seed ^ 0x5eed)
  const shape = pick(random, FAULT_JOB_SHAPES)
  const parallelism = 1 + random.below(4)
  const sourceCount = shape === 'union' || shape === 'connected' ? 2 : 1
  const splitCounts = Array.from({ length: sourceCount }, () =>
    Array.from({ length: 1 + random.below(3) }, () => 10 + random.below(sourceCount === 1 ? 60 : 30)),
  )
  const recordCount = splitCounts.flat().reduce((sum, count) => sum + count, 0)
  const plan: FaultPlan = {
    seed,
    shape,
    mode: random.below(10) === 0 ? 'AT_LEAST_ONCE' : 'EXACTLY_ONCE',
    parallelism,
    sourceParallelism: 1 + random.below(Math.min(parallelism, 2)),
    keyCount: 1 + random.below(24),
    splitCounts,
    pauseMsMax: random.below(3),
    timerDelayMsMax: 1 + random.below(40),
    crashes: drawCrashes(random, recordCount),
    kills: Array.from({ length: pick(random, [0, 0, 0, 1]) }, () => ({
      afterSteps: 20 + random.below(1_500),
      slot: random.below(4),
    })),
    storage: drawStorageFaults(random),
    messageDelayMsMax: pick(random, [0, 0, 2, 10]),
    rescales: drawRescales(random, recordCount),
    claimMode: pick(random, ['CLAIM', 'NO_CLAIM']),
    config: drawConfiguration(random),
  }
  if (!withoutFaults) return plan
  return {
    ...plan,
    crashes: [],
    kills: [],
    rescales: [],
    messageDelayMsMax: 0,
    storage: { ...plan.storage, failuresMax: 0, fullPeriods: [] },
  }
}

function drawCrashes(random: Random, recordCount: number): readonly PlannedCrash[] {
  return Array.from({ length: random.below(CRASHES_MAX + 1) }, () => {
    const point = pick(random, FAULT_POINTS)
    const isOfRecords = point === 'source record' || point === 'keyed record' || point === 'sink write'
    return {
      point,
      count: 1 + random.below(isOfRecords ? recordCount : point === 'keyed timer' ? 30 : 8),
      effect: random.below(3) === 0 ? ('kill' as const) : ('throw' as const),
    }
  })
}

function drawStorageFaults(random: Random): StorageFaults {
  const fromMs = random.below(150)
  return {
    latencyMsMax: pick(random, [0, 1, 10]),
    failuresPerThousand: pick(random, [0, 20, 200]),
    failuresMax: random.below(STORAGE_FAILURES_MAX + 1),
    fullPeriods: random.below(8) === 0 ? [{ fromMs, untilMs: fromMs + 30 + random.below(60) }] : [],
  }
}

function drawRescales(random: Random, recordCount: number): readonly PlannedRescale[] {
  return Array.from({ length: pick(random, [0, 1, 1, 2]) }, () => ({
    how: pick(random, ['rescale', 'rescale', 'stop', 'stop', 'power', 'power', 'savepoint'] as const),
    afterRecords: 1 + random.below(recordCount * 2),
    isAfterRestart: random.below(4) === 0,
    parallelism: 1 + random.below(4),
  })).toSorted((a, b) => a.afterRecords - b.afterRecords)
}

function drawConfiguration(random: Random): FaultPlan['config'] {
  const hasSmallPools = random.below(3) !== 0
  return {
    'execution.checkpointing.interval': `${pick(random, [10, 15, 25, 50])} ms`,
    'execution.checkpointing.min-pause': `${pick(random, [0, 0, 5])} ms`,
    'execution.checkpointing.timeout': pick(random, ['10 min', '10 min', '60 ms']),
    'execution.checkpointing.max-concurrent-checkpoints': pick(random, [1, 1, 2]),
    'execution.checkpointing.tolerable-failed-checkpoints': pick(random, [0, 3, 1_000]),
    'execution.checkpointing.num-retained': 1 + random.below(2),
    'execution.checkpointing.dir': '/checkpoints',
    'execution.checkpointing.savepoint-dir': '/savepoints',
    'execution.checkpointing.data-inline-threshold': pick(random, ['0 b', '20 kb']),
    'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.attempts': 100,
    'restart-strategy.fixed-delay.delay': `${pick(random, [0, 10])} ms`,
    'execution.buffer-timeout.interval': pick(random, ['20 ms', '0 ms', '1 ms']),
    'pipeline.operator-chaining.enabled': random.below(5) !== 0,
    'pipeline.max-parallelism': pick(random, [4, 16, 128]),
    'taskmanager.memory.segment-size': '4 kb',
    ...(hasSmallPools && {
      'taskmanager.network.memory.buffers-per-channel': 1,
      'taskmanager.network.memory.floating-buffers-per-gate': 1,
    }),
  }
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!
}
