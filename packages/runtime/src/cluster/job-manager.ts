import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Plan } from '../graph/plan.ts'
import { describeError, reviveError } from '../protocol/error-data.ts'
import type { CoordinatorMessage, SlotMessage } from '../protocol/messages.ts'
import type { JobReference, SlotDeployment } from '../protocol/slot-deployment.ts'
import type { UserValues } from '../protocol/user-values.ts'
import type { ClusterError } from './cluster-error.ts'
import { CollectedRecords } from './collected-records.ts'
import { type NetworkSettings, planDeployment } from './deployment.ts'
import { type Execution, Executions } from './execution.ts'
import { JobFailures } from './job-failures.ts'
import type { JobHandle, JobMetrics, JobResult } from './job-handle.ts'
import { isTerminal, type JobStatus, transition } from './job-status.ts'
import { assignSlots, checkSlots } from './slot-sharing.ts'
import type { SlotConnections, SlotTransport } from './slot-transport.ts'
import type { SourceCoordinatorParts } from './source-coordinator.ts'
import { SourceCoordinators } from './source-coordinators.ts'
import { TextWriter, type WriteText } from './text-writer.ts'

/** What one job is run with. */
export interface JobManagerParts {
  readonly jobId: string
  readonly plan: Plan
  readonly job: JobReference
  readonly values: UserValues
  readonly slotsMax: number | undefined
  readonly network: NetworkSettings
  readonly transport: SlotTransport
  readonly clock: Clock
  readonly logger: Logger
  readonly standardOutput: WriteText
  readonly standardError: WriteText
}

/** Time for functions to close after a cancellation or a failure; then the threads are ended whatever they do. */
export const CANCELLATION_TIMEOUT_MS = 3_000
/** Time, after that, for the text of a canceled job to be taken by whoever reads it. */
const LAST_TEXT_TIMEOUT_MS = 500

/**
 * Runs one job: deploys its subtasks, follows their states, deals splits out, and ends everything together. The
 * counterpart of Flink's JobMaster.
 */
export class JobManager implements JobHandle {
  readonly id: string
  readonly name: string
  readonly result: Promise<JobResult>
  readonly #parts: JobManagerParts
  readonly #slotOf = new Map<Execution, number>()
  readonly #sources: SourceCoordinators
  readonly #failures: JobFailures
  readonly #collected: CollectedRecords
  readonly #text: TextWriter
  readonly #settle: { resolve(result: JobResult): void; reject(error: unknown): void }
  /** Rejects if the job fails, resolves if it is canceled, before anything is deployed. */
  readonly #interruption: PromiseWithResolvers<void> = Promise.withResolvers()
  /** Resolves when the text of a canceled job has had its time. */
  readonly #textTimeout: PromiseWithResolvers<void> = Promise.withResolvers()
  #status: JobStatus = 'INITIALIZING'
  #executions: Executions
  #deployments: readonly SlotDeployment[]
  #connections: SlotConnections | undefined
  #liveSlots = 0
  #startedMs: number
  #endedMs: number | undefined
  #failure: ClusterError | undefined
  #timers: (() => void)[] = []
  #ending = false

  /** Checks that the job fits (slots, memory) and throws ClusterError if not; starts nothing. */
  constructor(parts: JobManagerParts) {
    const { plan, clock } = parts
    this.#parts = parts
    this.id = parts.jobId
    this.name = plan.jobGraph.jobName
    this.#failures = new JobFailures(this.id, plan.jobGraph)
    this.#collected = new CollectedRecords(plan, parts.values)
    this.#text = new TextWriter(parts.standardOutput, parts.standardError, (error) => {
      this.#fail(this.#failures.ofOutput(error), 'also while ending')
    })
    const { promise, resolve, reject } = Promise.withResolvers<JobResult>()
    this.result = promise
    // Whoever looks at the result gets its rejection; nobody looking is no crash.
    promise.catch(() => {})
    this.#interruption.promise.catch(() => {})
    this.#settle = { resolve, reject }
    this.#startedMs = clock.monotonicMs()

    const slots = assignSlots(plan.jobGraph)
    checkSlots(plan.jobGraph, slots, parts.slotsMax)
    this.#deployments = planDeployment({
      jobGraph: plan.jobGraph,
      jobId: parts.jobId,
      attempt: 0,
      job: parts.job,
      slots,
      network: parts.network,
    })
    this.#executions = new Executions(
      plan.jobGraph,
      this.#deployments.flatMap(({ subtasks }) => subtasks),
    )
    for (const { slotIndex, subtasks } of this.#deployments) {
      for (const { address } of subtasks) this.#slotOf.set(this.#executions.at(address), slotIndex)
    }
    this.#sources = new SourceCoordinators(this.#plannedSources())
  }

  get status(): JobStatus {
    return this.#status
  }

  /**
   * Finds the input, then deploys all slots. Rejects, with no thread started, if a source cannot find its input. A
   * cancellation meanwhile is no failure: then it resolves, with nothing deployed.
   */
  async start(): Promise<void> {
    const started = this.#sources.start()
    // A failure after a cancellation is a consequence of it.
    started.catch(() => {})
    try {
      await Promise.race([started, this.#interruption.promise])
    } catch (error) {
      if (this.#status !== 'INITIALIZING') return
      await this.#endUndeployed('FAILED', () => this.#settle.reject(error))
      throw error
    }
    if (this.#status !== 'INITIALIZING') return
    this.#enter('CREATED')
    for (const execution of this.#executions.all()) {
      execution.enter('SCHEDULED')
      execution.enter('DEPLOYING')
    }
    this.#enter('RUNNING')
    this.#startedMs = this.#parts.clock.monotonicMs()
    await this.#deploy()
  }

  async #deploy(): Promise<void> {
    this.#liveSlots = this.#deployments.length
    try {
      this.#connections = this.#parts.transport.deploy(this.#deployments, {
        onMessage: (slot, message) => this.#receive(slot, message),
        onEnd: (slot, error) => this.#onSlotEnd(slot, error),
        onStray: (error) =>
          this.#parts.logger.warn('user code threw after the subtasks of its thread had ended', {
            error: messageOf(error),
          }),
      })
    } catch (error) {
      this.#fail(error)
      await this.#end()
      throw this.#failure
    }
    // Slots may have failed before there was a way to tell the others.
    if (this.#status !== 'RUNNING') this.#tellSlotsToCancel()
  }

  collected<T = unknown>(name: string): readonly T[] {
    return this.#collected.get(name) as readonly T[]
  }

  metrics(): JobMetrics {
    return {
      status: this.#status,
      elapsedMs: (this.#endedMs ?? this.#parts.clock.monotonicMs()) - this.#startedMs,
      vertices: this.#executions.metrics(),
    }
  }

  async cancel(): Promise<void> {
    if (this.#status === 'INITIALIZING') {
      await this.#endUndeployed('CANCELED', () => this.#settle.resolve(this.#result('CANCELED')))
    } else if (this.#ending && !isTerminal(this.#status)) {
      // All that is left to do may be to wait for the reader of the job's text.
      this.#after(LAST_TEXT_TIMEOUT_MS, () => this.#textTimeout.resolve())
    } else if (this.#status === 'RUNNING') {
      this.#enter('CANCELLING')
      this.#cancelSubtasks()
      this.#after(CANCELLATION_TIMEOUT_MS + LAST_TEXT_TIMEOUT_MS, () => this.#textTimeout.resolve())
    }
    await this.result.catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cancel()
  }

  #receive(slotIndex: number, message: SlotMessage): void {
    try {
      this.#onMessage(slotIndex, message)
    } catch (error) {
      this.#fail(error)
    }
  }

  #onMessage(slotIndex: number, message: SlotMessage): void {
    switch (message.kind) {
      case 'subtask-state': {
        this.#executions.at(message.subtask).enter(message.state, message.failure)
        if (message.failure !== undefined) this.#fail(this.#failures.ofSubtask(message.subtask, message.failure))
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
        this.#executions.at(message.subtask).addCounter(message.name, message.place)
        return
      case 'collected':
        this.#collected.add(message.name, message.records)
        return
      case 'text':
        this.#text.write(message.stream, message.text, () => {
          if (this.#ending) return
          this.#connections?.send(slotIndex, { kind: 'text-written', length: message.text.length })
        })
        return
      case 'log':
        this.#parts.logger[message.level](message.message, message.facts)
        return
      case 'slot-failed':
        this.#fail(reviveError(message.error))
        return
    }
  }

  #onSlotEnd(slotIndex: number, error: unknown): void {
    this.#liveSlots--
    const left = this.#deployments[slotIndex]!.subtasks.map(({ address }) => this.#executions.at(address)).filter(
      (execution) => !execution.isEnded,
    )
    if (left.length > 0 && !this.#ending) {
      for (const execution of left) execution.enter('FAILED')
      const subtasks = left.map(({ address }) => address)
      this.#fail(this.#failures.ofLostSlot(slotIndex, subtasks, error))
    }
    if (this.#liveSlots === 0) void this.#end()
  }

  /** The first failure counts; what follows from it does not, nor what comes when all subtasks have ended. */
  #fail(error: unknown, when?: 'also while ending'): void {
    if (this.#status === 'INITIALIZING') this.#interruption.reject(error)
    if (this.#status !== 'RUNNING' || (this.#ending && when === undefined)) return
    this.#failure = this.#failures.of(error)
    this.#parts.logger.debug('job is failing', { job: this.name, error: describeError(this.#failure) })
    this.#enter('FAILING')
    if (!this.#ending) this.#cancelSubtasks()
  }

  #cancelSubtasks(): void {
    this.#tellSlotsToCancel()
    this.#after(CANCELLATION_TIMEOUT_MS, () => void this.#end())
  }

  #tellSlotsToCancel(): void {
    for (let slot = 0; slot < this.#deployments.length; slot++) this.#connections?.send(slot, { kind: 'cancel' })
  }

  /** Ends a job that has no threads yet. */
  async #endUndeployed(status: 'CANCELED' | 'FAILED', settle: () => void): Promise<void> {
    this.#enter(status)
    this.#ending = true
    this.#interruption.resolve()
    await this.#closeSources()
    this.#endedMs = this.#parts.clock.monotonicMs()
    for (const execution of this.#executions.all()) execution.enter('CANCELED')
    settle()
  }

  /** Ends all threads, then the job. */
  async #end(): Promise<void> {
    if (this.#ending) return
    this.#ending = true
    const stuck = this.#executions.all().filter((execution) => !execution.isEnded)
    if (stuck.length > 0 && this.#connections !== undefined) {
      this.#parts.logger.warn(
        `${stuck.length} subtasks did not close within ${CANCELLATION_TIMEOUT_MS} ms and were ended by force`,
        { subtasks: stuck.slice(0, 10).map(({ address }) => this.#failures.describe(address)) },
      )
    }
    // Slots may end before `deploy` has returned.
    await undefined
    await Promise.all([this.#closeSources(), this.#terminate()])
    await Promise.race([this.#text.settled(), this.#textTimeout.promise])
    for (const cancelTimer of this.#timers) cancelTimer()
    // Some may have closed, after all, while their threads were being ended.
    for (const execution of stuck) if (!execution.isEnded) execution.enter('CANCELED')
    this.#endedMs = this.#parts.clock.monotonicMs()
    if (this.#failure !== undefined) {
      this.#enter('FAILED')
      this.#settle.reject(this.#failure)
      return
    }
    const status = this.#status === 'CANCELLING' ? 'CANCELED' : 'FINISHED'
    this.#enter(status)
    this.#settle.resolve(this.#result(status))
  }

  async #terminate(): Promise<void> {
    try {
      await this.#connections?.terminate()
    } catch (error) {
      this.#parts.logger.warn('the threads could not be ended in order', { error: messageOf(error) })
    }
  }

  /** Never rejects, and takes no longer than functions may take to close. */
  async #closeSources(): Promise<void> {
    const timeout = Promise.withResolvers<void>()
    const stop = this.#parts.clock.schedule(CANCELLATION_TIMEOUT_MS, () => {
      this.#parts.logger.warn(`the sources did not close within ${CANCELLATION_TIMEOUT_MS} ms`, { job: this.name })
      timeout.resolve()
    })
    const closed = this.#sources.close().catch((error: unknown) => {
      this.#parts.logger.warn('a source could not be closed', { error: messageOf(error) })
    })
    await Promise.race([closed, timeout.promise])
    stop()
  }

  #after(delayMs: number, action: () => void): void {
    this.#timers.push(this.#parts.clock.schedule(delayMs, action))
  }

  #plannedSources(): readonly SourceCoordinatorParts[] {
    const { plan, values, clock, logger } = this.#parts
    return plan.jobGraph.vertices.flatMap((vertex) => {
      const { definition } = plan.operators.get(vertex.operators[0]!.id)!
      if (definition.kind !== 'source') return []
      return {
        vertex,
        source: definition.source,
        values,
        clock,
        logger,
        send: (subtaskIndex, message) => this.#send({ vertexIndex: vertex.index, subtaskIndex }, message),
        fail: (error) => this.#fail(error),
      } satisfies SourceCoordinatorParts
    })
  }

  #result(status: 'FINISHED' | 'CANCELED'): JobResult {
    const metrics = this.metrics()
    return { status, durationMs: metrics.elapsedMs, metrics }
  }

  #send(address: Execution['address'], message: CoordinatorMessage): void {
    if (this.#ending) return
    this.#connections?.send(this.#slotOf.get(this.#executions.at(address))!, message)
  }

  #enter(status: JobStatus): void {
    this.#status = transition(this.#status, status)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
