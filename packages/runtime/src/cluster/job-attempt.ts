import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import type { Plan } from '../graph/plan.ts'
import { describeError, reviveError } from '../protocol/error-data.ts'
import { jobInfoOf } from '../protocol/job-info-of.ts'
import type {
  CheckpointOptions,
  CoordinatorMessage,
  SlotMessage,
  SubtaskAddress,
  SubtaskCheckpointMetrics,
} from '../protocol/messages.ts'
import type { CheckpointingDeployment, JobReference, SlotDeployment } from '../protocol/slot-deployment.ts'
import type { SubtaskState } from '../protocol/subtask-state.ts'
import type { UserValues } from '../protocol/user-values.ts'
import type { SubtaskSnapshot } from '../snapshot/snapshot.ts'
import type { CheckpointedAttempt } from './checkpoint-coordinator-parts.ts'
import type { ClusterError } from './cluster-error.ts'
import { type NetworkSettings, planDeployment } from './deployment.ts'
import { Executions } from './execution.ts'
import { JobFailures } from './job-failures.ts'
import type { VertexMetrics } from './job-handle.ts'
import type { RestorePlan } from './plan-restore.ts'
import { assignSlots, checkSlots } from './slot-sharing.ts'
import type { SlotConnections, SlotTransport } from './slot-transport.ts'
import type { SourceCoordinatorParts } from './source-coordinator.ts'
import { SourceCoordinators } from './source-coordinators.ts'

/** The job as one attempt runs it: another parallelism has another plan. */
export interface AttemptPlan {
  readonly plan: Plan
  readonly job: JobReference
}

export interface JobAttemptParts extends AttemptPlan {
  readonly jobId: string
  /** From 0. */
  readonly attempt: number
  readonly restore: RestorePlan | undefined
  readonly values: UserValues
  readonly slotsMax: number | undefined
  readonly network: NetworkSettings
  readonly checkpointing: CheckpointingDeployment
  readonly transport: SlotTransport
  readonly clock: Clock
  readonly logger: Logger
  readonly listener: JobAttemptListener
}

/** What an attempt tells its job. */
export interface JobAttemptListener {
  /** The input was found, and threads are about to be started. */
  onDeploying(): void
  /** All subtasks run. Called once at most. */
  onRunning(): void
  /** The first failure; what follows from it is not told. The attempt ends by itself. */
  onFailure(error: ClusterError): void
  /** `written`: that much text has left the program. */
  onText(stream: 'stdout' | 'stderr', text: string, written: () => void): void
  onCollected(name: string, records: Uint8Array): void
  onSubtaskState(subtask: SubtaskAddress, state: SubtaskState): void
  onAcknowledged(
    subtask: SubtaskAddress,
    checkpointId: number,
    snapshot: SubtaskSnapshot,
    metrics: SubtaskCheckpointMetrics,
  ): void
  onDeclined(subtask: SubtaskAddress, checkpointId: number, error: Error): void
  onAwaitingFinalCheckpoint(subtask: SubtaskAddress): void
}

export type AttemptOutcome =
  | { readonly status: 'FINISHED' | 'CANCELED' }
  | { readonly status: 'FAILED'; readonly error: ClusterError }

/** Time for functions to close after a cancellation or a failure; then the threads are ended whatever they do. */
export const CANCELLATION_TIMEOUT_MS = 3_000

/**
 * One deployment of a job: its threads, memory, enumerators, and what becomes of its subtasks. Nothing of it outlives it; a
 * restart is another attempt.
 */
export class JobAttempt implements CheckpointedAttempt {
  /** Resolves when no thread is left. */
  readonly ended: Promise<AttemptOutcome>
  readonly #parts: JobAttemptParts
  readonly #failures: JobFailures
  readonly #deployments: readonly SlotDeployment[]
  readonly #executions: Executions
  /** The slot of each subtask, by vertex and subtask. */
  readonly #slotOf: readonly number[][]
  readonly #sources: SourceCoordinators
  readonly #resolveEnded: (outcome: AttemptOutcome) => void
  /** Settles when the attempt is to end before anything is deployed. */
  readonly #interruption: PromiseWithResolvers<void> = Promise.withResolvers()
  #phase: 'starting' | 'deployed' | 'canceling' | 'ending' | 'ended' = 'starting'
  #connections: SlotConnections | undefined
  #liveSlots = 0
  #notRunning: number
  #failure: ClusterError | undefined
  #cancelTimeout: (() => void) | undefined

  /** Checks that the job fits (slots, memory) and throws ClusterError if not; starts nothing. */
  constructor(parts: JobAttemptParts) {
    const { jobGraph } = parts.plan
    this.#parts = parts
    this.#failures = new JobFailures(parts.jobId, jobGraph)
    const { promise, resolve } = Promise.withResolvers<AttemptOutcome>()
    this.ended = promise
    this.#resolveEnded = resolve
    this.#interruption.promise.catch(() => {})
    this.#deployments = deploymentsOf(parts)
    const subtasks = this.#deployments.flatMap((slot) => slot.subtasks)
    this.#executions = new Executions(jobGraph, subtasks)
    this.#notRunning = subtasks.length
    this.#slotOf = jobGraph.vertices.map(() => [])
    for (const slot of this.#deployments) {
      for (const { address } of slot.subtasks) this.#slotOf[address.vertexIndex]![address.subtaskIndex] = slot.slotIndex
    }
    this.#sources = new SourceCoordinators(this.#plannedSources())
  }

  get jobGraph(): JobGraph {
    return this.#parts.plan.jobGraph
  }

  /** The restored state that it started from. */
  get restore(): RestorePlan | undefined {
    return this.#parts.restore
  }

  /** All subtasks have ended, or are being ended. */
  get isEnding(): boolean {
    return this.#phase === 'ending' || this.#phase === 'ended'
  }

  /**
   * Finds the input, then deploys all slots. Rejects, with no thread started, if a source cannot find its input, or if
   * there are no threads to be had; `ended` tells so, too. A cancellation meanwhile is no failure.
   */
  async start(): Promise<void> {
    const started = this.#sources.start()
    // A failure after a cancellation is a consequence of it.
    started.catch(() => {})
    try {
      await Promise.race([started, this.#interruption.promise])
    } catch (error) {
      if (this.#phase !== 'starting') return
      this.#failure = this.#failures.of(error)
      this.#parts.listener.onFailure(this.#failure)
      await this.#end()
      throw error
    }
    if (this.#phase !== 'starting') return
    this.#phase = 'deployed'
    for (const execution of this.#executions.all()) {
      execution.enter('SCHEDULED')
      execution.enter('DEPLOYING')
    }
    this.#parts.listener.onDeploying()
    await this.#deploy()
  }

  metrics(): readonly VertexMetrics[] {
    return this.#executions.metrics()
  }

  /** Has all subtasks close, then ends their threads, whatever they do. */
  cancel(): void {
    if (this.#phase === 'starting') void this.#end()
    if (this.#phase !== 'deployed') return
    this.#phase = 'canceling'
    this.#sendToAll({ kind: 'cancel' })
    this.#cancelTimeout = this.#parts.clock.schedule(CANCELLATION_TIMEOUT_MS, () => void this.#end())
  }

  /** The first failure counts; what follows from it does not. */
  fail(error: unknown): void {
    if (this.#failure !== undefined || this.#phase === 'canceling' || this.isEnding) return
    this.#failure = this.#failures.of(error)
    if (this.#phase === 'starting') {
      this.#interruption.reject(error)
      return
    }
    this.#parts.logger.debug('job is failing', { job: this.jobGraph.jobName, error: describeError(this.#failure) })
    this.cancel()
    this.#parts.listener.onFailure(this.#failure)
  }

  stateOf(subtask: SubtaskAddress): SubtaskState {
    return this.#executions.at(subtask).state
  }

  triggerCheckpoint(checkpoint: CheckpointOptions, subtasks: readonly SubtaskAddress[]): void {
    for (let slot = 0; slot < this.#deployments.length; slot++) {
      this.#sendTo(slot, {
        kind: 'trigger-checkpoint',
        checkpoint,
        subtasks: subtasks.filter((address) => this.#slotAt(address) === slot),
      })
    }
  }

  abortCheckpoint(checkpointId: number): void {
    this.#sendToAll({ kind: 'abort-checkpoint', checkpointId })
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.#sendToAll({ kind: 'checkpoint-complete', checkpointId })
    this.#sources.notifyCheckpointComplete(checkpointId)
  }

  snapshotEnumerators(checkpointId: number): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#sources.snapshotState(checkpointId)
  }

  releaseEnumerators(): void {
    this.#sources.release()
  }

  async #deploy(): Promise<void> {
    this.#liveSlots = this.#deployments.length
    try {
      this.#connections = this.#parts.transport.deploy(this.#deployments, {
        onMessage: (slot, message) => this.#receive(slot, message),
        onEnd: (slot, error) => this.#onSlotEnd(slot, error),
        onStray: (error) =>
          this.#parts.logger.warn('user code threw after the subtasks of its thread had ended', {
            error: nameAndMessageOf(error),
          }),
      })
    } catch (error) {
      this.#failure ??= this.#failures.of(error)
      this.#parts.listener.onFailure(this.#failure)
      await this.#end()
      throw this.#failure
    }
    // Slots may have failed before there was a way to tell the others.
    if (this.#phase === 'canceling') this.#sendToAll({ kind: 'cancel' })
  }

  #receive(slotIndex: number, message: SlotMessage): void {
    try {
      this.#onMessage(slotIndex, message)
    } catch (error) {
      this.fail(error)
    }
  }

  #onMessage(slotIndex: number, message: SlotMessage): void {
    const { listener, logger } = this.#parts
    switch (message.kind) {
      case 'subtask-state': {
        const { subtask, state, failure } = message
        this.#executions.at(subtask).enter(state, failure)
        if (failure !== undefined) this.fail(this.#failures.ofSubtask(subtask, failure))
        listener.onSubtaskState(subtask, state)
        if (state === 'RUNNING' && --this.#notRunning === 0 && this.#phase === 'deployed') listener.onRunning()
        return
      }
      case 'reader-started':
        this.#sources.at(message.subtask.vertexIndex)?.addReader(message.subtask.subtaskIndex)
        return
      case 'split-request':
        this.#sources.at(message.subtask.vertexIndex)?.handleSplitRequest(message.subtask.subtaskIndex)
        return
      case 'source-event':
        this.#sources.at(message.subtask.vertexIndex)?.handleSourceEvent(message.subtask.subtaskIndex, message.event)
        return
      case 'counter':
        this.#executions.at(message.subtask).addCounter(message.name, message.place, message.metricKind)
        return
      case 'collected':
        listener.onCollected(message.name, message.records)
        return
      case 'text':
        listener.onText(message.stream, message.text, () =>
          this.#sendTo(slotIndex, { kind: 'text-written', length: message.text.length }),
        )
        return
      case 'log':
        logger[message.level](message.message, message.facts)
        return
      case 'checkpoint-acknowledged':
        listener.onAcknowledged(message.subtask, message.checkpointId, message.snapshot, message.metrics)
        return
      case 'checkpoint-declined':
        listener.onDeclined(message.subtask, message.checkpointId, reviveError(message.error))
        return
      case 'awaiting-final-checkpoint':
        listener.onAwaitingFinalCheckpoint(message.subtask)
        return
      case 'slot-failed':
        this.fail(reviveError(message.error))
        return
    }
  }

  #onSlotEnd(slotIndex: number, error: unknown): void {
    this.#liveSlots--
    const left = this.#deployments[slotIndex]!.subtasks.map(({ address }) => this.#executions.at(address)).filter(
      (execution) => !execution.isEnded,
    )
    if (left.length > 0 && !this.isEnding) {
      for (const execution of left) execution.enter('FAILED')
      const subtasks = left.map(({ address }) => address)
      this.fail(this.#failures.ofLostSlot(slotIndex, subtasks, error))
      for (const subtask of subtasks) this.#parts.listener.onSubtaskState(subtask, 'FAILED')
    }
    if (this.#liveSlots === 0) void this.#end()
  }

  /** Ends all threads, then the attempt. */
  async #end(): Promise<void> {
    if (this.isEnding) return
    const wasDeployed = this.#phase !== 'starting'
    const wasCanceled = this.#phase === 'canceling' || this.#phase === 'starting'
    this.#phase = 'ending'
    this.#interruption.resolve()
    this.#cancelTimeout?.()
    const stuck = this.#executions.all().filter((execution) => !execution.isEnded)
    if (stuck.length > 0 && this.#connections !== undefined) {
      this.#parts.logger.warn(
        `${stuck.length} subtasks did not close within ${CANCELLATION_TIMEOUT_MS} ms and were ended by force`,
        { subtasks: stuck.slice(0, 10).map(({ address }) => this.#failures.describe(address)) },
      )
    }
    // Slots may end before `deploy` has returned.
    if (wasDeployed) await undefined
    await Promise.all([this.#closeSources(), this.#terminate()])
    // Some may have closed, after all, while their threads were being ended.
    for (const execution of stuck) if (!execution.isEnded) execution.enter('CANCELED')
    this.#phase = 'ended'
    if (this.#failure !== undefined) this.#resolveEnded({ status: 'FAILED', error: this.#failure })
    else this.#resolveEnded({ status: wasCanceled ? 'CANCELED' : 'FINISHED' })
  }

  async #terminate(): Promise<void> {
    try {
      await this.#connections?.terminate()
    } catch (error) {
      this.#parts.logger.warn('the threads could not be ended in order', { error: nameAndMessageOf(error) })
    }
  }

  /** Never rejects, and takes no longer than functions may take to close. */
  async #closeSources(): Promise<void> {
    const { clock, logger } = this.#parts
    const timeout = Promise.withResolvers<void>()
    const stop = clock.schedule(CANCELLATION_TIMEOUT_MS, () => {
      logger.warn(`the sources did not close within ${CANCELLATION_TIMEOUT_MS} ms`, { job: this.jobGraph.jobName })
      timeout.resolve()
    })
    const closed = this.#sources.close().catch((error: unknown) => {
      logger.warn('a source could not be closed', { error: nameAndMessageOf(error) })
    })
    await Promise.race([closed, timeout.promise])
    stop()
  }

  #plannedSources(): readonly SourceCoordinatorParts[] {
    const { plan, job, jobId, values, clock, logger, restore } = this.#parts
    const jobInfo = jobInfoOf({ jobId, jobName: plan.jobGraph.jobName, job })
    return plan.jobGraph.vertices.flatMap((vertex) => {
      const { id } = vertex.operators[0]!
      const { definition } = plan.operators.get(id)!
      if (definition.kind !== 'source') return []
      return {
        vertex,
        jobInfo,
        source: definition.source,
        values,
        clock,
        logger,
        restoredState: restore?.enumeratorStates.get(id),
        send: (subtaskIndex, message) => this.#send({ vertexIndex: vertex.index, subtaskIndex }, message),
        fail: (error) => this.fail(error),
      } satisfies SourceCoordinatorParts
    })
  }

  #slotAt({ vertexIndex, subtaskIndex }: SubtaskAddress): number {
    const slot = this.#slotOf[vertexIndex]?.[subtaskIndex]
    assert(slot !== undefined, () => `no subtask ${vertexIndex}/${subtaskIndex}`)
    return slot
  }

  #send(address: SubtaskAddress, message: CoordinatorMessage): void {
    this.#sendTo(this.#slotAt(address), message)
  }

  #sendTo(slotIndex: number, message: CoordinatorMessage): void {
    if (!this.isEnding) this.#connections?.send(slotIndex, message)
  }

  #sendToAll(message: CoordinatorMessage): void {
    for (let slot = 0; slot < this.#deployments.length; slot++) this.#sendTo(slot, message)
  }
}

/** Checks what can be checked before any thread starts. */
function deploymentsOf(
  parts: Pick<
    JobAttemptParts,
    'plan' | 'job' | 'jobId' | 'attempt' | 'slotsMax' | 'network' | 'checkpointing' | 'restore'
  >,
): readonly SlotDeployment[] {
  const { plan, slotsMax, restore } = parts
  const slots = assignSlots(plan.jobGraph)
  checkSlots(plan.jobGraph, slots, slotsMax)
  return planDeployment({
    jobGraph: plan.jobGraph,
    jobId: parts.jobId,
    attempt: parts.attempt,
    job: parts.job,
    slots,
    network: parts.network,
    checkpointing: parts.checkpointing,
    restoreOf: (subtask) => restore?.restoreOf(subtask),
  })
}

function nameAndMessageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
