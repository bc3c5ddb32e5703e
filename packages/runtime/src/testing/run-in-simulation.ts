import type { JobDefinition } from '../api/job-definition.ts'
import { planJob } from '../api/plan-job.ts'
import { SystemClock } from '../base/clock.ts'
import { MillraceError } from '../base/error.ts'
import { SeededRandom } from '../base/random.ts'
import { AttemptPlans } from '../cluster/attempt-plans.ts'
import { checkpointSettings } from '../cluster/checkpoint-settings.ts'
import { createRestartStrategy } from '../cluster/create-restart-strategy.ts'
import { findRestore } from '../cluster/find-restore.ts'
import type { JobHandle, JobMetrics } from '../cluster/job-handle.ts'
import { JobManager } from '../cluster/job-manager.ts'
import { networkSettings } from '../cluster/job-settings.ts'
import type { RestoreSettings } from '../cluster/restore-settings.ts'
import { Configuration, type ConfigurationEntries } from '../configuration/configuration.ts'
import { ConfigurationOptions } from '../configuration/configuration-options.ts'
import { UserValues } from '../protocol/user-values.ts'
import { buildSlotPlan } from '../task/load-plan.ts'
import { silentLogger } from './connector-contexts.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedSlots } from './simulated-slots.ts'
import { SimulatedStorage, type StorageFaults } from './simulated-storage.ts'

/** How a simulated run differs from others. */
export interface SimulationOptions {
  /** Decides every interleaving. The same seed and job give the same run. Default 1. */
  readonly seed?: number
  /** What the job's function gets as `args`. */
  readonly args?: readonly string[]
  /** As `-p` on the command line. */
  readonly parallelism?: number
  /** As `-D` on the command line. `pipeline.check-mutation` is on unless it is set here. */
  readonly config?: ConfigurationEntries
  /** Cancels the job. */
  readonly signal?: AbortSignal
  /** Called once the job runs, e.g. to cancel it at some later time. */
  readonly onStart?: (job: JobHandle) => void
  /** Where the job gets its state from: a path in `files`, or `resume`. */
  readonly restore?: RestoreSettings
  /** What is on the simulated disk, by absolute path: `files` of an earlier result. Default: nothing. */
  readonly files?: ReadonlyMap<string, Uint8Array>
  /** What goes wrong with the disk. Default: nothing. */
  readonly storageFaults?: StorageFaults
  /** @internal Virtual time that messages between coordinator and slots take at most. Default 0. */
  readonly messageDelayMsMax?: number
  /** @internal Called before each scheduling step: may crash slots. */
  readonly onStep?: (world: SimulatedWorld) => void
  /** @internal Nothing in the job takes real time, so that none need be waited for. The clock of the machine decides nothing. */
  readonly isAllVirtual?: boolean
  /** The most scheduling steps; more is an error that names the seed. Default ten million. */
  readonly stepsMax?: number
}

/** What a simulated run left behind. */
export interface SimulationResult {
  readonly status: 'FINISHED' | 'CANCELED'
  readonly seed: number
  /** What `collect(name)` took, in order of arrival. */
  collected<T = unknown>(name: string): readonly T[]
  /** What the job wrote to standard output, by lines. */
  readonly printed: readonly string[]
  readonly metrics: JobMetrics
  /** What is on the simulated disk at the end: its savepoints, and checkpoints that are retained. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** What a fault may reach for. */
export interface SimulatedWorld {
  readonly clock: SimulatedClock
  readonly random: SeededRandom
  readonly slots: SimulatedSlots
  readonly storage: SimulatedStorage
  readonly job: JobHandle
}

/** Real time that the simulation waits for the world outside (files, sockets) when nothing else can happen. */
const STALLED_AFTER_MS = 10_000
/** Real time that functions get to close before virtual time runs on, and with it the time-out that ends them by force. */
const CLOSE_REAL_MS = 250
/** A step of virtual time that is not taken, at first, while real work is under way: a time-out would hit it. */
const LONG_STEP_MS = 1_000
const MEMORY_BYTES = 16 * 1024 * 1024 * 1024

/**
 * Runs a job with all its subtasks on this thread, under a seeded scheduler and virtual time. The runtime is the real
 * one: only clock, random and transport are replaced, so records cross the same channels in the same bytes.
 *
 * Functions may close over the program's variables, but each slot builds the job anew, as a thread would. What they share
 * here and not in threads is the state of modules and of the program: a counter at the top of a module counts for all
 * subtasks together.
 *
 * The same seed gives the same run, record by record, as long as functions are deterministic themselves. Those that set
 * timers or do I/O run in real time, beside a virtual time that stands still only while nothing else can happen; use
 * the `clock` of a connector's context instead.
 *
 * @throws the error that failed the job; MillraceError `SIMULATION_STALLED` if nothing can happen any more.
 * @example
 * const job = defineJob('double', (env) => {
 *   env.fromElements(1, 2, 3).map((n) => n * 2).collect('doubled')
 * })
 * const result = await runInSimulation(job, { seed: 7 })
 * result.collected('doubled') // -> [2, 4, 6]
 */
export async function runInSimulation(job: JobDefinition, options: SimulationOptions = {}): Promise<SimulationResult> {
  const { seed = 1, args = [], parallelism, config = {}, stepsMax = 10_000_000 } = options
  const configuration = Configuration.empty.with(
    { [ConfigurationOptions.CHECK_MUTATION.key]: true, ...config },
    'command line',
  )
  const random = new SeededRandom(seed)
  const clock = new SimulatedClock()
  const storage = new SimulatedStorage({
    clock,
    random,
    ...(options.storageFaults !== undefined && { faults: options.storageFaults }),
    ...(options.files !== undefined && { files: options.files }),
  })
  const slots = new SimulatedSlots({
    clock,
    random,
    storage,
    buildPlan: (deployment) => buildSlotPlan(job, deployment.job),
    messageDelayMsMax: options.messageDelayMsMax ?? 0,
  })
  let text = ''
  const planned = planJob(job, { args, configuration, parallelism })
  const checkpoints = checkpointSettings(planned.configuration, '/')
  let manager: JobManager | undefined
  const start = async (): Promise<JobManager> => {
    const restore =
      options.restore &&
      (await findRestore(options.restore, {
        storage,
        jobName: planned.plan.jobGraph.jobName,
        directory: checkpoints.directory,
        logger: silentLogger,
      }))
    const plans = new AttemptPlans(
      { definition: job, planned, args, parallelism, bundleUrl: '', bundleSha256: '' },
      restore,
    )
    manager = new JobManager({
      ...plans.first,
      jobId: hexDigits(random, 32),
      values: new UserValues(planned.registeredTypes),
      slotsMax: planned.configuration.get(ConfigurationOptions.TASK_SLOTS),
      network: networkSettings(planned.configuration, MEMORY_BYTES),
      transport: slots,
      clock,
      logger: silentLogger,
      standardOutput: (piece) => {
        text += piece
      },
      standardError: () => {},
      checkpoints,
      storage,
      restartStrategy: createRestartStrategy(planned.configuration, {
        checkpointingEnabled: checkpoints.intervalMs !== undefined,
        random,
      }),
      hexDigits: (count) => hexDigits(random, count),
      restore,
      replan: (p) => plans.at(p),
    })
    await manager.start()
    return manager
  }
  const cancel = () => void manager?.cancel()
  options.signal?.addEventListener('abort', cancel)
  const finished = start().then((started) => {
    options.onStart?.(started)
    if (options.signal?.aborted) cancel()
    return started.result
  })
  const onStep = () => {
    if (manager !== undefined) options.onStep?.({ clock, random, slots, storage, job: manager })
  }
  try {
    const closeRealMs = options.isAllVirtual ? 0 : CLOSE_REAL_MS
    await drive(finished, { slots, clock, seed, stepsMax, closeRealMs, onStep })
  } finally {
    options.signal?.removeEventListener('abort', cancel)
  }
  const { status, metrics } = await finished
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return {
    status,
    seed,
    printed: lines,
    metrics,
    files: storage.files(),
    collected: (name) => manager!.collected(name),
  }
}

/** Steps until `finished` has settled. */
async function drive(
  finished: Promise<unknown>,
  world: {
    readonly slots: SimulatedSlots
    readonly clock: SimulatedClock
    readonly seed: number
    readonly stepsMax: number
    readonly closeRealMs: number
    readonly onStep: () => void
  },
): Promise<void> {
  const { slots, clock, seed, stepsMax, closeRealMs, onStep } = world
  let settled = false
  const settle = () => {
    settled = true
  }
  finished.then(settle, settle)
  const realClock = new SystemClock()
  let idleSinceMs: number | undefined
  for (let steps = 0; !settled; ) {
    // Promises of user code go on between steps, as they would between two visits.
    await undefined
    onStep()
    if (slots.step()) {
      idleSinceMs = undefined
      if (++steps > stepsMax) throw stalled(seed, `after ${stepsMax} steps the job still runs`)
      continue
    }
    await immediate()
    if (settled || slots.step()) continue
    const dueMs = Math.min(slots.nextDueMs(), clock.nextDueMs())
    idleSinceMs ??= realClock.monotonicMs()
    const idleMs = realClock.monotonicMs() - idleSinceMs
    const isLongStep = dueMs - clock.monotonicMs() > LONG_STEP_MS
    const waits = slots.isClosing || (isLongStep && slots.hasWorkUnderWay)
    if (Number.isFinite(dueMs) && !(waits && idleMs < closeRealMs)) {
      idleSinceMs = undefined
      clock.advanceTo(dueMs)
      continue
    }
    // Only the world outside can go on: files being read, timers of user code.
    if (idleMs > STALLED_AFTER_MS) {
      throw stalled(seed, `nothing happened for ${STALLED_AFTER_MS} ms`)
    }
  }
}

function stalled(seed: number, what: string): MillraceError {
  return new MillraceError(
    'SIMULATION_STALLED',
    `The simulation with seed ${seed} does not end: ${what}. An unbounded source needs a signal or onStart that cancels the job.`,
    { seed },
  )
}

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function hexDigits(random: SeededRandom, count: number): string {
  return Array.from({ length: count }, () => random.below(16).toString(16)).join('')
}
