import { assert } from '../base/assert.ts'
import { messageOf } from '../base/message-of.ts'
import { formatDurationMs } from '../configuration/duration.ts'
import type { SubtaskAddress, SubtaskCheckpointMetrics } from '../protocol/messages.ts'
import type { SubtaskState } from '../protocol/subtask-state.ts'
import { publishMetadata } from '../snapshot/open-snapshot.ts'
import type { SubtaskSnapshot } from '../snapshot/snapshot.ts'
import {
  describeSubtask,
  hasConsumers,
  hasFinishedSubtasks,
  isFinished,
  obstacleToCheckpoint,
  subtasksOf,
} from './attempt-progress.ts'
import type {
  CheckpointCoordinatorParts,
  CheckpointedAttempt,
  CompletedSnapshot,
} from './checkpoint-coordinator-parts.ts'
import { type CheckpointFailure, CheckpointFailures } from './checkpoint-failures.ts'
import { type CheckpointRequest, checkpointRequest } from './checkpoint-request.ts'
import { CheckpointRequests } from './checkpoint-requests.ts'
import { CheckpointSchedule } from './checkpoint-schedule.ts'
import type { CheckpointStatistics } from './checkpoint-statistics.ts'
import { CheckpointStatisticsTracker } from './checkpoint-statistics-tracker.ts'
import { CheckpointStore } from './checkpoint-store.ts'
import { CheckpointTrigger } from './checkpoint-trigger.ts'
import { ClusterError } from './cluster-error.ts'
import type { CheckpointedJobEnd } from './completed-checkpoints.ts'
import { EndingSubtasks } from './ending-subtasks.ts'
import { isAtItsEnd, PendingCheckpoint } from './pending-checkpoint.ts'
import { SnapshotDirectories } from './snapshot-directories.ts'

export interface SavepointOptions {
  /** Where its directory is made. Not needed for one in memory. */
  readonly directory?: string | undefined
  /** Whether the job is to end with it. */
  readonly stop: 'none' | 'suspend' | 'drain'
  /** Keeps it in the coordinator's memory. */
  readonly inMemory?: boolean
  /** The job removes it when it needs it no more, as one of its checkpoints. */
  readonly isOwned?: boolean
}

/**
 * Takes the checkpoints and savepoints of one job, attempt after attempt: triggers them at the sources, gathers what the
 * subtasks acknowledge, completes them by publishing their metadata, tells everyone, and keeps as many as are wanted. After
 * Flink's CheckpointCoordinator.
 *
 * A savepoint of a job that goes on has no effects on it, as in Flink: nothing is committed by it, and no restart begins from
 * it; it belongs to whoever asked for it, and may be gone.
 */
export class CheckpointCoordinator {
  readonly #parts: CheckpointCoordinatorParts
  readonly #store: CheckpointStore
  readonly #failures: CheckpointFailures
  readonly #statistics: CheckpointStatisticsTracker
  readonly #schedule: CheckpointSchedule
  readonly #directories: SnapshotDirectories
  readonly #trigger: CheckpointTrigger
  readonly #ending = new EndingSubtasks()
  readonly #requests: CheckpointRequests
  /** By id, in the order in which they began. */
  readonly #pending = new Map<number, PendingCheckpoint>()
  #attempt: CheckpointedAttempt | undefined
  /** One begins at a time, so that their barriers are sent in the order of their ids. */
  #isStarting = false
  /** The savepoint that the attempt ends with: no other checkpoint begins before it has failed. */
  #stop: PendingCheckpoint | undefined
  #nextId = 1
  #disposal: Promise<void> | undefined

  constructor(parts: CheckpointCoordinatorParts) {
    this.#parts = parts
    this.#store = new CheckpointStore(parts)
    this.#directories = new SnapshotDirectories(parts)
    this.#trigger = new CheckpointTrigger({
      storage: parts.storage,
      ending: this.#ending,
      inlineBytesMax: parts.settings.inlineBytesMax,
    })
    this.#failures = new CheckpointFailures(parts.settings.tolerableFailures)
    this.#statistics = new CheckpointStatisticsTracker(parts.clock)
    this.#schedule = new CheckpointSchedule(parts.clock, parts.settings, () => this.#next())
    this.#requests = new CheckpointRequests({
      clock: parts.clock,
      timeoutMs: parts.settings.timeoutMs,
      refusal: (why) => this.#notRunning(why),
    })
  }

  /**
   * All subtasks of an attempt run: from now on checkpoints are taken. Those of the attempt before that have not settled are
   * given up.
   *
   * @param restored - what the attempt started from. Further ids are above its id.
   * @param options.isClaimed - the job owns that snapshot from now on, and removes it when it needs it no more.
   */
  attach(
    attempt: CheckpointedAttempt,
    restored: CompletedSnapshot | undefined,
    options: { readonly isClaimed?: boolean } = {},
  ): void {
    if (this.#disposal !== undefined) return
    for (const pending of [...this.#pending.values()]) {
      this.#giveUp(pending, this.#notRunning('another attempt of it has begun'))
    }
    if (restored !== undefined) {
      this.#statistics.restored(restored)
      this.#nextId = Math.max(this.#nextId, restored.metadata.checkpointId + 1)
      this.#store.restored(restored, options.isClaimed ?? false)
    }
    this.#attempt = attempt
    this.#trigger.newAttempt()
    this.#failures.newAttempt()
    this.#schedule.restart()
    this.#next()
  }

  /**
   * The attempt ends, or has ended. What is under way is given up, and whoever waits for it is told `reason`; but a
   * checkpoint whose metadata is being written is complete as soon as they are there: `settled` tells when that is known.
   */
  detach(reason: Error): void {
    this.#attempt = undefined
    this.#schedule.disarm()
    this.#ending.clear()
    this.#stop = undefined
    for (const pending of [...this.#pending.values()]) {
      if (pending.state !== 'publishing') this.#giveUp(pending, reason)
    }
    this.#requests.rejectAll(reason)
  }

  /**
   * Resolves when every checkpoint of the attempt that has ended is complete or has failed, and nothing is left of those that
   * failed. Only then may another attempt begin: else whoever resumes the job later might find a checkpoint that the job
   * itself did not go on from. Never rejects, and takes no longer than a checkpoint may.
   */
  async settled(): Promise<void> {
    assert(this.#attempt === undefined, () => 'the checkpoints of a running attempt do not settle')
    await Promise.all([...this.#pending.values()].map((pending) => pending.ended))
    await this.#store.settled()
  }

  #giveUp(pending: PendingCheckpoint, reason: Error): void {
    this.#fail(pending, { reason: reason.message, cause: reason, counts: false, again: false })
  }

  onAcknowledged(
    subtask: SubtaskAddress,
    checkpointId: number,
    snapshot: SubtaskSnapshot,
    metrics: SubtaskCheckpointMetrics,
  ): void {
    const pending = this.#pending.get(checkpointId)
    // Late: it has failed meanwhile, and its files are being removed.
    if (pending === undefined || !pending.acknowledge(subtask, snapshot)) return
    pending.record.acknowledged(subtask, metrics)
    if (isAtItsEnd(snapshot)) this.#ending.tookLastSnapshot(subtask)
    if (pending.missingCount === 0) void this.#publish(pending)
  }

  onDeclined(subtask: SubtaskAddress, checkpointId: number, error: Error): void {
    const pending = this.#pending.get(checkpointId)
    if (pending === undefined || pending.state !== 'triggered') return
    const isRunning = pending.attempt.stateOf(subtask) === 'RUNNING'
    const reason = `${describeSubtask(pending.attempt.jobGraph, subtask)} declined it: ${error.message}`
    this.#fail(pending, { reason, cause: error, counts: isRunning, again: !isRunning })
  }

  /** A subtask of the attempt is in another state; `attempt.stateOf` says so already. */
  onSubtaskState(subtask: SubtaskAddress, state: SubtaskState): void {
    switch (state) {
      case 'INITIALIZING':
        this.#ending.forget(subtask)
        return
      case 'FINISHED':
        this.#ending.forget(subtask)
        this.#giveUpOn(subtask, 'finished before its turn came', true)
        this.#next()
        return
      case 'CANCELING':
      case 'CANCELED':
      case 'FAILED':
        this.#giveUpOn(subtask, `is ${state}`, false)
        return
    }
  }

  /**
   * The subtask has handled all its input, and ends once a further checkpoint is complete: one is taken as soon as all
   * subtasks that are left wait so, too; else at its time.
   */
  onAwaitingFinalCheckpoint(subtask: SubtaskAddress): void {
    this.#ending.announced(subtask)
    // No barrier comes behind the end: those that it would have reached wait in vain.
    if (this.#attempt !== undefined && hasConsumers(this.#attempt.jobGraph, subtask)) {
      this.#giveUpOn(subtask, 'sent its end before the barrier', true)
    }
    this.#next()
  }

  /** Takes a checkpoint now, unless as many as may be are under way: then after one of them. */
  triggerCheckpoint(): Promise<CompletedSnapshot> {
    return this.#request({
      kind: 'checkpoint',
      origin: 'command',
      stop: 'none',
      parentDirectory: this.#directories.ofJob,
      isOwned: true,
    })
  }

  /**
   * Takes a savepoint, whatever else is under way. With `stop`, sources wait behind it, and the attempt ends when it is
   * complete; if it fails they go on, except after a drain, when the attempt fails.
   *
   * Rejects with a ClusterError `SAVEPOINT_FAILED` or `JOB_NOT_RUNNING`, or with the reason of the attempt's end.
   */
  triggerSavepoint(options: SavepointOptions): Promise<CompletedSnapshot> {
    const { directory, stop, inMemory = false, isOwned = false } = options
    if (!inMemory && directory === undefined) {
      return Promise.reject(
        new ClusterError(
          'NO_SAVEPOINT_DIRECTORY',
          `Cannot take a savepoint of job "${this.#parts.jobName}": there is no directory for it`,
          this.#job,
        ),
      )
    }
    const parentDirectory = inMemory ? undefined : directory
    return this.#request({ kind: 'savepoint', origin: 'command', stop, parentDirectory, isOwned })
  }

  /** What a restart begins from: the newest checkpoint, or the savepoint that the job was stopped with or started from. */
  latest(): CompletedSnapshot | undefined {
    return this.#store.latest()
  }

  statistics(): CheckpointStatistics {
    return this.#statistics.statistics()
  }

  /**
   * The job has ended: removes the checkpoints that are not to outlive it. Resolves when that is done, or takes too long.
   * Never rejects.
   */
  dispose(status: CheckpointedJobEnd): Promise<void> {
    if (this.#disposal === undefined) {
      const reason = this.#notRunning('it has ended')
      this.detach(reason)
      for (const pending of [...this.#pending.values()]) this.#giveUp(pending, reason)
      // Without a checkpoint there was no directory.
      this.#disposal = this.#store.end(status, this.#nextId === 1 ? undefined : this.#directories.ofJob)
    }
    return this.#disposal
  }

  #request(facts: Omit<CheckpointRequest, 'outcome'>): Promise<CompletedSnapshot> {
    if (this.#attempt === undefined) return Promise.reject(this.#notRunning('not all of its subtasks run'))
    const taken = this.#requests.add(facts)
    this.#next()
    return taken
  }

  /** Begins what is to be taken next, if anything is. Called whenever that may have changed. */
  #next(): void {
    const attempt = this.#attempt
    if (attempt === undefined || this.#isStarting || this.#stop !== undefined) return
    const request = this.#takeRequest(attempt)
    if (request !== undefined) {
      this.#isStarting = true
      void this.#start(request, attempt)
    } else if (this.#checkpointCount < this.#parts.settings.maxConcurrent) this.#schedule.arm()
  }

  #takeRequest(attempt: CheckpointedAttempt): CheckpointRequest | undefined {
    const mayTakeCheckpoint = this.#checkpointCount < this.#parts.settings.maxConcurrent
    const request = this.#requests.take(mayTakeCheckpoint ? 'any' : 'savepoint')
    const obstacle = obstacleToCheckpoint(attempt)
    if (request !== undefined) {
      if (obstacle === undefined) return request
      request.outcome.reject(this.#notRunning(obstacle))
      return this.#takeRequest(attempt)
    }
    if (!mayTakeCheckpoint) return undefined
    const facts = {
      kind: 'checkpoint',
      stop: 'none',
      parentDirectory: this.#directories.ofJob,
      isOwned: true,
    } as const
    if (this.#schedule.isDue) {
      this.#schedule.restart()
      if (obstacle === undefined && !this.#isOver(attempt)) return checkpointRequest({ ...facts, origin: 'interval' })
    }
    if (obstacle !== undefined || this.#pending.size > 0 || this.#failures.latestFailed) return undefined
    if (!this.#allAreAwaiting(attempt)) return undefined
    this.#schedule.restart()
    return checkpointRequest({ ...facts, origin: 'end' })
  }

  async #start(request: CheckpointRequest, attempt: CheckpointedAttempt): Promise<void> {
    const { clock, settings } = this.#parts
    const checkpointId = this.#nextId++
    const pending = new PendingCheckpoint({
      checkpointId,
      timestampMs: clock.now(),
      request,
      attempt,
      directory: this.#directories.of(request, checkpointId),
      record: this.#statistics.triggered(attempt.jobGraph, checkpointId, request.kind === 'savepoint'),
    })
    this.#pending.set(checkpointId, pending)
    if (request.stop !== 'none') this.#stop = pending
    const cancelTimeout = clock.schedule(settings.timeoutMs, () => this.#onTimeout(pending))
    void pending.ended.then(cancelTimeout)
    try {
      const obstacle = await this.#trigger.send(pending)
      if (obstacle !== undefined) this.#fail(pending, { reason: obstacle, counts: false, again: false })
    } catch (error) {
      this.#fail(pending, { reason: messageOf(error), cause: error, counts: true, again: false })
    } finally {
      this.#isStarting = false
      this.#next()
    }
  }

  /** All have acknowledged: what is left is to make it known. */
  async #publish(pending: PendingCheckpoint): Promise<void> {
    try {
      pending.enter('publishing')
      const metadata = pending.metadata(this.#parts)
      const { directory } = pending
      // Its name in the directory is what makes it complete.
      if (directory !== undefined) {
        await pending.working(publishMetadata(this.#parts.storage, directory, metadata))
      }
      if (!pending.isEnded) this.#complete(pending, { metadata, path: directory })
    } catch (error) {
      this.#fail(pending, { reason: messageOf(error), cause: error, counts: true, again: false })
    }
  }

  #complete(pending: PendingCheckpoint, snapshot: CompletedSnapshot): void {
    const { checkpointId, request, attempt, record } = pending
    pending.enter('completed')
    this.#pending.delete(checkpointId)
    this.#statistics.completed(record, snapshot.path)
    const removeSuperfluous = this.#store.completed(request, snapshot)
    request.outcome.resolve(snapshot)
    if (hasEffects(request)) {
      for (const subtask of pending.subtasksAtTheirEnd()) this.#ending.committed(subtask)
      if (this.#attempt === attempt) attempt.notifyCheckpointComplete(checkpointId)
      for (const older of [...this.#pending.values()]) {
        if (older.checkpointId > checkpointId || older.request.kind === 'savepoint') continue
        this.#fail(older, { reason: `checkpoint ${checkpointId} was complete before it`, counts: false, again: false })
      }
    }
    removeSuperfluous()
    if (request.kind === 'checkpoint') {
      this.#failures.completed()
      this.#schedule.pause()
    }
    this.#parts.logger.debug(`${request.kind} complete`, { ...this.#job, checkpointId, path: snapshot.path })
    this.#next()
  }

  #fail(pending: PendingCheckpoint, { reason, cause, counts, again }: CheckpointFailure): void {
    if (pending.isEnded) return
    const { checkpointId, request, attempt, record } = pending
    const { kind, stop } = request
    const wasTriggered = pending.state !== 'starting'
    pending.enter('failed')
    this.#pending.delete(checkpointId)
    if (this.#stop === pending) this.#stop = undefined
    const error = new ClusterError(
      kind === 'savepoint' ? 'SAVEPOINT_FAILED' : 'CHECKPOINT_FAILED',
      `${kind === 'savepoint' ? 'Savepoint' : 'Checkpoint'} ${checkpointId} could not be completed: ${reason}`,
      { ...this.#job, checkpointId },
      cause === undefined ? undefined : { cause },
    )
    this.#statistics.failed(record, reason)
    this.#store.failed(pending)
    if (kind === 'checkpoint') this.#schedule.pause()
    const isAttached = this.#attempt === attempt
    if (isAttached) {
      this.#parts.logger.warn(error.message, { ...this.#job })
      if (wasTriggered) attempt.abortCheckpoint(checkpointId)
    }
    // Operators have emitted what they held back: there is no way back but a restart.
    const isDrained = stop === 'drain' && wasTriggered
    if (isAttached && again && request.origin === 'command' && !isDrained) this.#requests.putBack(request)
    else request.outcome.reject(error)
    if (isAttached) {
      const intolerable = counts && kind === 'checkpoint' ? this.#failures.failed(error) : isDrained ? error : undefined
      // Detaches, and may attach the next attempt.
      if (intolerable !== undefined) attempt.fail(intolerable)
    }
    this.#next()
  }

  #onTimeout(pending: PendingCheckpoint): void {
    const reason = `after ${this.#timeout} (execution.checkpointing.timeout) ${pending.describeWait()}`
    this.#fail(pending, { reason, counts: true, again: false })
  }

  /** The subtask will never acknowledge what it has not acknowledged yet. */
  #giveUpOn(subtask: SubtaskAddress, what: string, again: boolean): void {
    for (const pending of [...this.#pending.values()]) {
      if (pending.state !== 'triggered' || pending.hasAcknowledged(subtask)) continue
      this.#fail(pending, {
        reason: `${describeSubtask(pending.attempt.jobGraph, subtask)} ${what}`,
        counts: false,
        again,
      })
    }
  }

  /** Whether periodic checkpoints have ended with the first subtask. */
  #isOver(attempt: CheckpointedAttempt): boolean {
    return this.#parts.settings.afterTasksFinish === false && hasFinishedSubtasks(attempt)
  }

  #allAreAwaiting(attempt: CheckpointedAttempt): boolean {
    if (this.#ending.isEmpty) return false
    for (const subtask of subtasksOf(attempt.jobGraph)) {
      if (!isFinished(attempt, subtask) && !this.#ending.isAwaiting(subtask)) return false
    }
    return true
  }

  /** Of those under way; savepoints do not count. */
  get #checkpointCount(): number {
    let count = 0
    for (const { request } of this.#pending.values()) if (request.kind === 'checkpoint') count++
    return count
  }

  #notRunning(why: string): ClusterError {
    const { jobName } = this.#parts
    return new ClusterError('JOB_NOT_RUNNING', `Cannot take a snapshot of job "${jobName}": ${why}`, this.#job)
  }

  get #job(): { readonly job: string; readonly jobId: string } {
    return { job: this.#parts.jobName, jobId: this.#parts.jobId }
  }

  get #timeout(): string {
    return formatDurationMs(this.#parts.settings.timeoutMs)
  }
}

/** Whether sinks commit by it: a savepoint of a job that goes on leaves no traces in it. */
function hasEffects({ kind, stop }: CheckpointRequest): boolean {
  return kind === 'checkpoint' || stop !== 'none'
}
