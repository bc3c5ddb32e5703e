import { SeededRandom } from '../../base/random.ts'
import { ClusterError } from '../../cluster/cluster-error.ts'
import type { RestoreSettings } from '../../cluster/restore-settings.ts'
import { METADATA_FILE } from '../../snapshot/open-snapshot.ts'
import { SnapshotError } from '../../snapshot/snapshot-error.ts'
import { runInSimulation, type SimulatedWorld } from '../run-in-simulation.ts'
import { NO_STORAGE_FAULTS, type SimulatedStorage } from '../simulated-storage.ts'
import { checkOutput } from './check-output.ts'
import { checkSnapshot, type PublishedSnapshot } from './check-snapshot.ts'
import { faultJob } from './fault-job.ts'
import type { FaultPlan, PlannedRescale } from './fault-plan.ts'
import { InjectedFault } from './fault-points.ts'
import { expectNone, FaultViolation } from './fault-violation.ts'
import { FaultWorld } from './fault-world.ts'
import { gates } from './observed-gates.ts'

/** What a run of a plan went through, for a look at whether the plans are worth running. */
export interface FaultRunSummary {
  /** Times that the job was submitted. */
  readonly runs: number
  readonly restarts: number
  readonly snapshots: number
  readonly rescales: number
  readonly outputs: number
  /** Virtual time of all runs together. */
  readonly elapsedMs: number
}

export interface FaultRunOptions {
  /** Called before each step. */
  readonly onStep?: (world: SimulatedWorld) => void
  /** Told what happens, for who looks into a seed. */
  readonly trace?: (what: string) => void
}

/** The machine stops. */
class PowerFailure extends Error {}

const STEPS_MAX = 300_000
/** Segments are counted every so many steps. */
const STEPS_PER_CHECK = 64
/** Times that one plan may submit the job: far more than it needs. */
const RUNS_MAX = 20

/**
 * Runs the job of a plan with its faults, as often as it takes, until it has finished. Throws FaultViolation if anything was
 * lost, doubled, out of order or in two hands, or a snapshot does not fit the input; other errors if the job failed or hangs.
 */
export async function runWithFaults(plan: FaultPlan, options: FaultRunOptions = {}): Promise<FaultRunSummary> {
  gates.forget()
  const world = new FaultWorld(plan, new SeededRandom(plan.seed ^ 0xfa17))
  const runs = new FaultRuns(world, options)
  await runs.run()
  // All checks, since a flaw that only one of them sees tells more than the first that is seen.
  const found: string[] = []
  for (const check of checksOf(world, runs.published)) {
    try {
      await check()
    } catch (error) {
      if (!(error instanceof FaultViolation)) throw error
      found.push(error.message)
    }
  }
  if (found.length > 0) throw new FaultViolation(found.join('\n'))
  return {
    runs: world.run,
    restarts: runs.restarts,
    snapshots: runs.published.length,
    rescales: runs.rescales,
    outputs: world.external.committed.length,
    elapsedMs: runs.elapsedMs,
  }
}

function* checksOf(world: FaultWorld, published: readonly PublishedSnapshot[]): Generator<() => void | Promise<void>> {
  yield () => gates.check()
  yield () => expectNone('Functions saw', world.violations)
  yield () => checkOutput(world)
  if (world.plan.mode !== 'EXACTLY_ONCE') return
  for (const snapshot of published) yield () => checkSnapshot(world.plan, snapshot)
}

class FaultRuns {
  readonly published: PublishedSnapshot[] = []
  restarts = 0
  rescales = 0
  readonly #world: FaultWorld
  readonly #options: FaultRunOptions
  readonly #planned: PlannedRescale[]
  #files: ReadonlyMap<string, Uint8Array> = new Map()
  #parallelism: number
  #restore: RestoreSettings | undefined
  /** Virtual time goes on from one run to the next. */
  elapsedMs = 0
  #steps = 0

  constructor(world: FaultWorld, options: FaultRunOptions) {
    this.#world = world
    this.#options = options
    this.#planned = [...world.plan.rescales]
    this.#parallelism = world.plan.parallelism
  }

  async run(): Promise<void> {
    let withFaults = true
    for (;;) {
      if (++this.#world.run > RUNS_MAX) throw new Error(`No end after ${RUNS_MAX} runs`)
      const run = new FaultRun(this, this.#world, this.#planned, this.#options)
      this.#options.trace?.(
        `run ${this.#world.run} at parallelism ${this.#parallelism}, from ${JSON.stringify(this.#restore?.from)}`,
      )
      try {
        run.elapsedMs = this.elapsedMs
        run.steps = this.#steps
        const { files } = await runInSimulation(faultJob(this.#world), {
          seed: this.#world.plan.seed * RUNS_MAX + this.#world.run,
          parallelism: this.#parallelism,
          config: this.#world.plan.config,
          files: this.#files,
          stepsMax: STEPS_MAX,
          isAllVirtual: true,
          messageDelayMsMax: this.#world.plan.messageDelayMsMax,
          storageFaults: withFaults ? this.#world.plan.storage : NO_STORAGE_FAULTS,
          onStep: (simulated) => run.onStep(simulated),
          ...(this.#restore !== undefined && { restore: this.#restore }),
        })
        this.restarts += run.restarts
        this.#files = files
        this.elapsedMs = run.elapsedMs
        if (run.stoppedAt === undefined) return
        this.#restore = this.#restoreFrom({ path: run.stoppedAt.path })
        this.#parallelism = run.stoppedAt.parallelism
      } catch (error) {
        this.restarts += run.restarts
        if (error instanceof PowerFailure) {
          this.#parallelism = run.power!.parallelism
          // What had been under way goes on until it waits for the disk again; then nothing does.
          await new Promise((resolve) => setImmediate(resolve))
          run.storage!.crash()
          this.#files = run.storage!.files()
          // Without a snapshot of its own, what it started from is still the newest; and a savepoint elsewhere is not found.
          const newest = run.completed.findLast((path) => this.#files.has(path))
          if (newest !== undefined) {
            this.#restore = this.#restoreFrom(newest.startsWith('/checkpoints/') ? 'resume' : { path: newest })
          }
        } else if (!run.hasStarted && isStorageFailure(error) && withFaults) {
          // Who restores a job by hand tries again.
          withFaults = false
          continue
        } else throw error
      }
      withFaults = true
      this.elapsedMs = run.elapsedMs
      this.#steps = run.steps
    }
  }

  #restoreFrom(from: RestoreSettings['from']): RestoreSettings {
    return { from, allowNonRestoredState: false, dropState: [], claimMode: this.#world.plan.claimMode }
  }
}

/** One submission of the job: does what is planned when it is due. */
class FaultRun {
  /** At the beginning: of the runs before. */
  elapsedMs = 0
  steps = 0
  restarts = 0
  hasStarted = false
  /** The `_metadata` of each snapshot that became complete and that the job may go back to. */
  readonly completed: string[] = []
  stoppedAt: { readonly path: string; readonly parallelism: number } | undefined
  power: PlannedRescale | undefined
  storage: SimulatedStorage | undefined
  readonly #runs: FaultRuns
  readonly #world: FaultWorld
  readonly #planned: PlannedRescale[]
  readonly #options: FaultRunOptions
  /** When the next planned action was due. */
  #restartsBefore: number | undefined
  /** What is under way. */
  #action: PlannedRescale['how'] | undefined

  constructor(runs: FaultRuns, world: FaultWorld, planned: PlannedRescale[], options: FaultRunOptions) {
    this.#runs = runs
    this.#world = world
    this.#planned = planned
    this.#options = options
  }

  onStep(simulated: SimulatedWorld): void {
    const { clock, slots, storage, job } = simulated
    if (this.storage === undefined) {
      this.storage = storage
      this.#watch(storage)
      clock.advanceTo(this.elapsedMs)
      this.#world.lastOutputMs = clock.monotonicMs()
    }
    this.elapsedMs = clock.monotonicMs()
    if (this.restarts !== job.restarts) this.#trace(`restart ${job.restarts}`)
    this.restarts = job.restarts
    this.steps++
    this.hasStarted ||= job.status === 'RUNNING'
    for (const subtaskIndex of this.#world.doomed.splice(0)) this.#kill(simulated, subtaskIndex)
    for (const { afterSteps, slot } of this.#world.plan.kills) {
      const live = slots.liveSlots()
      if (afterSteps === this.steps && live.length > 0) this.#kill(simulated, live[slot % live.length]!)
    }
    this.#options.onStep?.(simulated)
    if (this.steps % STEPS_PER_CHECK === 0) gates.check()
    const next = this.#planned[0]
    if (next === undefined || this.#action !== undefined || job.status !== 'RUNNING') return
    if (this.#world.external.seen.length < next.afterRecords) return
    this.#restartsBefore ??= job.restarts
    if (next.isAfterRestart && job.restarts === this.#restartsBefore) return
    this.#restartsBefore = undefined
    this.#planned.shift()
    this.#start(next, simulated)
  }

  #trace(what: string): void {
    this.#options.trace?.(`run ${this.#world.run}, step ${this.steps}, ${Math.round(this.elapsedMs)} ms: ${what}`)
  }

  #kill({ slots }: SimulatedWorld, slotIndex: number): void {
    this.#trace(`slot ${slotIndex} is killed`)
    slots.kill(slotIndex, new InjectedFault(`slot ${slotIndex} was killed`))
  }

  #start(planned: PlannedRescale, { job }: SimulatedWorld): void {
    const { how, parallelism } = planned
    this.#runs.rescales++
    this.#trace(`${how}, parallelism ${parallelism}`)
    if (how === 'power') {
      this.power = planned
      throw new PowerFailure()
    }
    this.#action = how
    const action: Promise<unknown> =
      how === 'rescale'
        ? job.rescale(parallelism)
        : how === 'savepoint'
          ? job.triggerSavepoint()
          : job.stopWithSavepoint().then((path) => {
              this.stoppedAt = { path, parallelism }
            })
    action
      .then(() => this.#trace(`${how} done`))
      .catch((error: unknown) => {
        this.#trace(`${how} failed: ${error}`)
        // With a disk that fails, and subtasks that crash meanwhile, it need not succeed: but then the job goes on.
        if (!(error instanceof ClusterError || isStorageFailure(error))) this.#world.violations.push(`${how}: ${error}`)
      })
      .finally(() => {
        this.#action = undefined
      })
  }

  /** Keeps what stands on disk whenever a snapshot becomes complete. */
  #watch(storage: SimulatedStorage): void {
    storage.onPublished = (path) => {
      this.#trace(`published ${path}`)
      if (!path.endsWith(`/${METADATA_FILE}`)) return
      // It has no effects outside, and nobody goes back to it.
      const isPlainSavepoint = this.#action === 'savepoint' && path.startsWith('/savepoints/')
      if (!isPlainSavepoint) this.completed.push(path)
      this.#runs.published.push({ path, files: storage.files() })
    }
  }
}

function isStorageFailure(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each instanceof SnapshotError && each.code === 'STORAGE_FAILED') return true
  }
  return false
}
