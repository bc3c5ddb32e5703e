import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { UserValues } from '../protocol/user-values.ts'
import type { SnapshotStorage } from '../snapshot/snapshot-storage.ts'
import { CheckpointCoordinator } from './checkpoint-coordinator.ts'
import type { CheckpointSettings, CompletedSnapshot } from './checkpoint-coordinator-parts.ts'
import type { CheckpointStatistics } from './checkpoint-statistics.ts'
import { ClusterError } from './cluster-error.ts'
import { CollectedRecords } from './collected-records.ts'
import type { NetworkSettings } from './deployment.ts'
import {
  type AttemptOutcome,
  type AttemptPlan,
  CANCELLATION_TIMEOUT_MS,
  JobAttempt,
  type JobAttemptListener,
} from './job-attempt.ts'
import { JobFailures } from './job-failures.ts'
import type { JobHandle, JobMetrics, JobResult, RescaleResult, StopOptions } from './job-handle.ts'
import { isTerminal, type JobStatus, transition } from './job-status.ts'
import { isLastingFailure } from './lasting-failure.ts'
import { planRestore, type RestorePlan } from './plan-restore.ts'
import { checkRescale, describeRescale } from './rescaling.ts'
import type { RestartStrategy } from './restart-strategy.ts'
import type { RestoreSettings } from './restore-settings.ts'
import type { SlotTransport } from './slot-transport.ts'
import { TextWriter, type WriteText } from './text-writer.ts'

/** What one job is run with. */
export interface JobManagerParts extends AttemptPlan {
  readonly jobId: string
  readonly values: UserValues
  readonly slotsMax: number | undefined
  readonly network: NetworkSettings
  readonly transport: SlotTransport
  readonly clock: Clock
  readonly logger: Logger
  readonly standardOutput: WriteText
  readonly standardError: WriteText
  readonly checkpoints: CheckpointSettings
  readonly storage: SnapshotStorage
  readonly restartStrategy: RestartStrategy
  /** So many random hex digits. */
  readonly hexDigits: (count: number) => string
  /** What the job starts from; undefined: without state. */
  readonly restore: JobRestore | undefined
  /** The job planned for another parallelism of its environment. Throws if it cannot have that. */
  readonly replan: (parallelism: number) => AttemptPlan
}

/** A state of the job to start from, and how it is to be fitted in. */
export interface JobRestore {
  readonly snapshot: CompletedSnapshot
  readonly settings: Omit<RestoreSettings, 'from'>
}

const EXACT: JobRestore['settings'] = { allowNonRestoredState: false, dropState: [], claimMode: 'NO_CLAIM' }

/** Time for the text of a canceled job to be taken by whoever reads it, after its functions had theirs to close. */
const LAST_TEXT_TIMEOUT_MS = 500

/**
 * Runs one job from its submission to its end, attempt after attempt: restarts it after failures, from the newest complete
 * checkpoint, and for another parallelism. The counterpart of Flink's JobMaster.
 */
export class JobManager implements JobHandle {
  readonly id: string
  readonly name: string
  readonly result: Promise<JobResult>
  readonly startTimeMs: number
  readonly #parts: JobManagerParts
  readonly #failures: JobFailures
  readonly #collected: CollectedRecords
  readonly #text: TextWriter
  readonly #coordinator: CheckpointCoordinator
  readonly #settle: { resolve(result: JobResult): void; reject(error: unknown): void }
  /** Resolves when the text of a canceled job has had its time. */
  readonly #textTimeout: PromiseWithResolvers<void> = Promise.withResolvers()
  #status: JobStatus = 'INITIALIZING'
  /** What the next attempt runs. */
  #plan: AttemptPlan
  #attempt: JobAttempt
  #attempts = 0
  /** The state that the newest attempt started from. */
  #startedFrom: JobRestore | undefined
  /** What to go back to, if the job cannot be started at another parallelism. */
  #fallback: AttemptPlan | undefined
  /** Under way: the job is being stopped or rescaled. */
  #stopping: 'stop' | 'rescale' | undefined
  /** Resolves when the subtasks of the newest attempt run; rejects if it ends before. */
  #running: PromiseWithResolvers<void> = Promise.withResolvers()
  #restartDelayMs = 0
  #cancelRestart: (() => void) | undefined
  #startedMs: number
  #endedMs: number | undefined
  #endTimeMs: number | undefined
  #failure: ClusterError | undefined
  #timers: (() => void)[] = []
  #finalizing = false
  /** How it ends is decided, though its checkpoints may still have to be removed. */
  #isOver = false

  /** Checks that the job fits (slots, memory, restored state) and throws if not; starts nothing. */
  constructor(parts: JobManagerParts) {
    const { plan, clock } = parts
    this.#parts = parts
    this.id = parts.jobId
    this.name = plan.jobGraph.jobName
    this.startTimeMs = clock.now()
    this.#failures = new JobFailures(this.id, plan.jobGraph)
    this.#collected = new CollectedRecords(plan, parts.values)
    this.#text = new TextWriter(parts.standardOutput, parts.standardError, (error) => {
      this.#fail(this.#failures.ofOutput(error))
    })
    const { promise, resolve, reject } = Promise.withResolvers<JobResult>()
    this.result = promise
    // Whoever looks at the result gets its rejection; nobody looking is no crash.
    promise.catch(() => {})
    this.#running.promise.catch(() => {})
    this.#settle = { resolve, reject }
    this.#startedMs = clock.monotonicMs()
    this.#coordinator = new CheckpointCoordinator({
      jobId: this.id,
      jobName: this.name,
      settings: parts.checkpoints,
      storage: parts.storage,
      clock,
      logger: parts.logger,
      hexDigits: parts.hexDigits,
    })
    this.#plan = { plan, job: parts.job }
    this.#attempt = this.#createAttempt()
    for (const note of this.#attempt.restore?.notes ?? []) parts.logger.info(note)
  }

  get status(): JobStatus {
    return this.#status
  }

  get endTimeMs(): number | undefined {
    return this.#endTimeMs
  }

  get restarts(): number {
    return this.#attempts - 1
  }

  /**
   * Finds the input, then deploys all slots. Rejects, with no thread started, if a source cannot find its input. A
   * cancellation meanwhile is no failure: then it resolves, with nothing deployed.
   */
  async start(): Promise<void> {
    try {
      await this.#attempt.start()
    } catch (error) {
      // Where it can be tried again, it will be.
      if (this.#status !== 'RESTARTING') throw error
    }
  }

  collected<T = unknown>(name: string): readonly T[] {
    return this.#collected.get(name) as readonly T[]
  }

  metrics(): JobMetrics {
    return {
      status: this.#status,
      elapsedMs: (this.#endedMs ?? this.#parts.clock.monotonicMs()) - this.#startedMs,
      vertices: this.#attempt.metrics(),
    }
  }

  checkpoints(): CheckpointStatistics {
    return this.#coordinator.statistics()
  }

  async cancel(): Promise<void> {
    if (!isTerminal(this.#status) && (this.#finalizing || this.#attempt.isEnding)) {
      // All that is left to do may be to wait for the reader of the job's text.
      this.#after(LAST_TEXT_TIMEOUT_MS, () => this.#textTimeout.resolve())
    }
    if (this.#status === 'INITIALIZING') this.#attempt.cancel()
    else if ((this.#status === 'RUNNING' && !this.#attempt.isEnding) || this.#status === 'RESTARTING') {
      this.#enter('CANCELLING')
      this.#after(CANCELLATION_TIMEOUT_MS + LAST_TEXT_TIMEOUT_MS, () => this.#textTimeout.resolve())
      this.#attempt.cancel()
      if (this.#cancelRestart !== undefined) {
        this.#cancelRestart()
        void this.#finalize('CANCELED')
      }
    }
    await this.result.catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel()
  }

  async triggerCheckpoint(): Promise<number> {
    await this.#checkRunning('take a checkpoint of')
    try {
      return (await this.#coordinator.triggerCheckpoint()).metadata.checkpointId
    } catch (error) {
      throw this.#failures.ofSnapshot('checkpoint', error)
    }
  }

  async triggerSavepoint(directory?: string): Promise<string> {
    await this.#checkRunning('take a savepoint of')
    const target = this.#savepointDirectory(directory)
    try {
      return (await this.#coordinator.triggerSavepoint({ directory: target, stop: 'none' })).path!
    } catch (error) {
      throw this.#failures.ofSnapshot('savepoint', error)
    }
  }

  async stopWithSavepoint({ directory, drain = false }: StopOptions = {}): Promise<string> {
    await this.#checkRunning('stop')
    const target = this.#savepointDirectory(directory)
    const attempt = this.#attempt
    this.#stopping = 'stop'
    const savepoint = await this.#stopAt({ directory: target, stop: drain ? 'drain' : 'suspend' })
    const path = savepoint.path!
    const outcome = await attempt.ended
    if (outcome.status !== 'FAILED') {
      await this.result.catch(() => {})
      return path
    }
    this.#stopping = undefined
    throw this.#failures.ofStop(path, outcome.error)
  }

  async rescale(parallelism: number): Promise<RescaleResult> {
    await this.#checkRunning('rescale')
    const { clock } = this.#parts
    const startMs = clock.monotonicMs()
    const before = this.#plan
    const after = checkRescale(parallelism, { ...this.#parts, plan: before.plan })
    const attempt = this.#attempt
    this.#stopping = 'rescale'
    const { metadata } = await this.#stopAt({ ...this.#ownDirectory(), stop: 'suspend', isOwned: true })
    if (this.#stopping !== 'rescale') {
      throw this.#failures.ofRescale(parallelism, 'failed while it was being stopped', this.#status)
    }
    this.#plan = after
    this.#fallback = before
    // Kept: what fails from here on, and be it the old attempt on its way out, brings the job back at the old parallelism.
    const running = this.#expectRunning()
    await attempt.ended
    try {
      await running
    } catch (error) {
      await this.#running.promise.catch(() => {})
      throw this.#failures.ofRescale(parallelism, 'could not be started', this.#status, error)
    }
    return describeRescale({
      before: before.plan.jobGraph,
      after: after.plan.jobGraph,
      parallelism,
      metadata,
      restore: this.#attempt.restore!,
      durationMs: clock.monotonicMs() - startMs,
    })
  }

  /** Takes the savepoint after which all sources stop. */
  async #stopAt(options: Parameters<CheckpointCoordinator['triggerSavepoint']>[0]): Promise<CompletedSnapshot> {
    try {
      return await this.#coordinator.triggerSavepoint(options)
    } catch (error) {
      this.#stopping = undefined
      throw this.#failures.ofSnapshot('savepoint', error)
    }
  }

  #createAttempt(): JobAttempt {
    const { checkpoints } = this.#parts
    const point = this.#attempts === 0 ? this.#parts.restore : this.#restorePoint()
    this.#startedFrom = point
    const restore = point && this.#planRestore(point)
    const attempt: JobAttempt = new JobAttempt({
      ...this.#parts,
      ...this.#plan,
      attempt: this.#attempts,
      restore,
      checkpointing: {
        isEnabled: checkpoints.intervalMs !== undefined,
        afterTasksFinish: checkpoints.afterTasksFinish !== false,
        mode: checkpoints.mode,
      },
      listener: this.#listener(() => attempt),
    })
    this.#attempts++
    void attempt.ended.then((outcome) => this.#onAttemptEnded(outcome))
    return attempt
  }

  #planRestore({ snapshot, settings }: JobRestore): RestorePlan {
    const { metadata, path } = snapshot
    return planRestore({ metadata, directory: path, jobGraph: this.#plan.plan.jobGraph, settings })
  }

  /** The newest state of the job: that of its newest checkpoint or stop, else what it was started from. */
  #restorePoint(): JobRestore | undefined {
    const { restore } = this.#parts
    const latest = this.#coordinator.latest()
    if (latest === undefined || latest === restore?.snapshot) return restore
    return { snapshot: latest, settings: EXACT }
  }

  #listener(self: () => JobAttempt): JobAttemptListener {
    const coordinator = this.#coordinator
    return {
      onDeploying: () => {
        this.#enter('CREATED')
        this.#enter('RUNNING')
        if (this.#attempts <= 1) this.#startedMs = this.#parts.clock.monotonicMs()
      },
      onRunning: () => {
        const from = this.#startedFrom
        coordinator.attach(self(), from?.snapshot, { isClaimed: from?.settings.claimMode === 'CLAIM' })
        this.#fallback = undefined
        this.#stopping = undefined
        this.#running.resolve()
      },
      onFailure: (error) => this.#onFailure(error),
      onText: (stream, text, written) => this.#text.write(stream, text, written),
      onCollected: (name, records) => this.#collected.add(name, records),
      onSubtaskState: (subtask, state) => coordinator.onSubtaskState(subtask, state),
      onAcknowledged: (subtask, id, snapshot, metrics) => coordinator.onAcknowledged(subtask, id, snapshot, metrics),
      onDeclined: (subtask, id, error) => coordinator.onDeclined(subtask, id, error),
      onAwaitingFinalCheckpoint: (subtask) => coordinator.onAwaitingFinalCheckpoint(subtask),
    }
  }

  /** An attempt has failed, and is being ended: is there to be another? */
  #onFailure(error: ClusterError): void {
    this.#coordinator.detach(error)
    // Before anything was deployed, nothing has been that could be restarted; and what goes wrong on the way out is no news.
    if (this.#status !== 'RUNNING' && this.#status !== 'RESTARTING') return
    const { restartStrategy, clock, logger } = this.#parts
    let delayMs: number | undefined
    if (this.#fallback !== undefined) {
      this.#plan = this.#fallback
      delayMs = 0
    } else delayMs = isLastingFailure(error) ? undefined : restartStrategy.onFailure(clock.now())
    this.#fallback = undefined
    this.#stopping = undefined
    if (delayMs === undefined) {
      this.#failure = error
      this.#enter('FAILING')
      return
    }
    logger.warn(`the job failed and is restarted in ${Math.round(delayMs)} ms`, {
      job: this.name,
      attempt: this.#attempts,
      error: error.message,
    })
    if (this.#status === 'RUNNING') this.#enter('RESTARTING')
    this.#restartDelayMs = delayMs
    this.#expectRunning(error)
  }

  /** No thread of the newest attempt is left. */
  #onAttemptEnded(outcome: AttemptOutcome): void {
    this.#coordinator.detach(new ClusterError('JOB_NOT_RUNNING', `Job "${this.name}" has ended its attempt.`))
    switch (this.#status) {
      case 'RESTARTING':
        this.#cancelRestart = this.#parts.clock.schedule(this.#restartDelayMs, () => {
          void this.#coordinator.settled().then(() => this.#restart())
        })
        return
      case 'RUNNING':
        // It may have come to its end by itself before the savepoint was complete: then that is what it was.
        if (this.#stopping === 'rescale' && this.#fallback !== undefined) {
          this.#enter('RESTARTING')
          this.#restart()
        } else void this.#finalize('FINISHED')
        return
      case 'CANCELLING':
        void this.#finalize('CANCELED')
        return
      default:
        if (outcome.status === 'FAILED') this.#failure ??= outcome.error
        void this.#finalize(outcome.status)
    }
  }

  #restart(): void {
    this.#cancelRestart = undefined
    if (this.#status !== 'RESTARTING') return
    try {
      this.#attempt = this.#createAttempt()
    } catch (error) {
      this.#onFailure(this.#failures.of(error))
      // There is no attempt whose end would lead on.
      this.#onAttemptEnded({ status: 'FAILED', error: this.#failures.of(error) })
      return
    }
    // Its listener is told.
    this.#attempt.start().catch(() => {})
  }

  /** What was expected to run did not, because of `error`; something else will. */
  #expectRunning(error?: unknown): Promise<void> {
    const before = this.#running
    this.#running = Promise.withResolvers()
    this.#running.promise.catch(() => {})
    if (error !== undefined) before.reject(error)
    return this.#running.promise
  }

  /** Fails the job for good: no attempt would do better. */
  #fail(error: ClusterError): void {
    if (this.#isOver || (this.#status !== 'RUNNING' && this.#status !== 'RESTARTING')) return
    this.#failure = error
    this.#enter('FAILING')
    this.#coordinator.detach(error)
    this.#attempt.cancel()
    if (this.#cancelRestart === undefined) return
    this.#cancelRestart()
    void this.#finalize('FAILED')
  }

  /** All threads have ended: so does the job. */
  async #finalize(status: 'FINISHED' | 'CANCELED' | 'FAILED'): Promise<void> {
    if (this.#finalizing) return
    this.#finalizing = true
    const { clock } = this.#parts
    this.#running.reject(this.#failure ?? new ClusterError('JOB_NOT_RUNNING', `Job "${this.name}" has ended.`))
    await Promise.race([this.#text.settled(), this.#textTimeout.promise])
    const final = this.#failure === undefined ? status : 'FAILED'
    this.#isOver = true
    await this.#coordinator.dispose(final)
    for (const cancelTimer of this.#timers) cancelTimer()
    this.#endedMs = clock.monotonicMs()
    this.#endTimeMs = clock.now()
    this.#enter(final)
    if (final === 'FAILED') this.#settle.reject(this.#failure)
    else {
      const metrics = this.metrics()
      this.#settle.resolve({ status: final, durationMs: metrics.elapsedMs, metrics })
    }
  }

  /** Where the snapshot of a change of parallelism is kept. */
  #ownDirectory(): { readonly directory: string } | { readonly inMemory: true } {
    const { directory, savepointDirectory } = this.#parts.checkpoints
    if (directory !== undefined) return { directory: `${directory}/${this.id}` }
    return savepointDirectory === undefined ? { inMemory: true } : { directory: savepointDirectory }
  }

  #savepointDirectory(directory: string | undefined): string {
    const target = directory ?? this.#parts.checkpoints.savepointDirectory
    if (target !== undefined) return target
    throw this.#failures.noSavepointDirectory()
  }

  /** Waits for subtasks that are just being started. */
  async #checkRunning(what: string): Promise<void> {
    const isRunning = () => this.#status === 'RUNNING' && this.#stopping === undefined && !this.#attempt.isEnding
    // How it went is what the status says.
    if (isRunning()) await this.#running.promise.catch(() => {})
    if (isRunning()) return
    const now =
      this.#stopping === undefined ? this.#status : `being ${this.#stopping === 'stop' ? 'stopped' : 'rescaled'}`
    throw this.#failures.notRunning(what, now)
  }

  #after(delayMs: number, action: () => void): void {
    this.#timers.push(this.#parts.clock.schedule(delayMs, action))
  }

  #enter(status: JobStatus): void {
    this.#status = transition(this.#status, status)
  }
}
