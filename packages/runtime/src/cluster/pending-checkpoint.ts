import { assert } from '../base/assert.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import type { SubtaskAddress } from '../protocol/messages.ts'
import type { OperatorState, OperatorSubtaskState, SnapshotMetadata, SubtaskSnapshot } from '../snapshot/snapshot.ts'
import { describeSubtask } from './attempt-progress.ts'
import type { CheckpointedAttempt } from './checkpoint-coordinator-parts.ts'
import type { CheckpointRecord } from './checkpoint-record.ts'
import type { CheckpointRequest } from './checkpoint-request.ts'

/** `starting`: no subtask knows of it. `publishing`: all have acknowledged it; its metadata is being written. */
export type PendingCheckpointState = 'starting' | 'triggered' | 'publishing' | 'completed' | 'failed'

const transitions = {
  starting: ['triggered', 'failed'],
  triggered: ['publishing', 'failed'],
  publishing: ['completed', 'failed'],
  completed: [],
  failed: [],
} as const satisfies Record<PendingCheckpointState, readonly PendingCheckpointState[]>

const FINISHED: OperatorSubtaskState = { isFinished: true, hasEndedInput: true, keyed: undefined, lists: [] }

export interface PendingCheckpointParts {
  readonly checkpointId: number
  readonly timestampMs: number
  readonly request: CheckpointRequest
  readonly attempt: CheckpointedAttempt
  /** Its own; undefined: it is kept in memory. */
  readonly directory: string | undefined
  readonly record: CheckpointRecord
}

/** One checkpoint that is being taken: who has acknowledged it, and what it will consist of. */
export class PendingCheckpoint {
  readonly checkpointId: number
  readonly timestampMs: number
  readonly request: CheckpointRequest
  readonly attempt: CheckpointedAttempt
  readonly directory: string | undefined
  readonly record: CheckpointRecord
  readonly #jobGraph: JobGraph
  /** By vertex and subtask. */
  readonly #acknowledged: (SubtaskSnapshot | 'finished' | undefined)[][]
  #missingCount: number
  #coordinators: ReadonlyMap<string, Uint8Array> = new Map()
  #state: PendingCheckpointState = 'starting'
  readonly #ended: PromiseWithResolvers<void> = Promise.withResolvers()
  #work: Promise<unknown> = Promise.resolve()

  constructor(parts: PendingCheckpointParts) {
    this.checkpointId = parts.checkpointId
    this.timestampMs = parts.timestampMs
    this.request = parts.request
    this.attempt = parts.attempt
    this.directory = parts.directory
    this.record = parts.record
    this.#jobGraph = parts.attempt.jobGraph
    this.#acknowledged = this.#jobGraph.vertices.map(({ parallelism }) => new Array(parallelism).fill(undefined))
    this.#missingCount = this.#jobGraph.vertices.reduce((sum, { parallelism }) => sum + parallelism, 0)
  }

  get state(): PendingCheckpointState {
    return this.#state
  }

  get isEnded(): boolean {
    return this.#state === 'completed' || this.#state === 'failed'
  }

  /** Resolves when it is complete or has failed. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  enter(state: PendingCheckpointState): void {
    const allowed: readonly PendingCheckpointState[] = transitions[this.#state]
    assert(allowed.includes(state), () => `checkpoint ${this.checkpointId} cannot go from ${this.#state} to ${state}`)
    this.#state = state
    if (this.isEnded) this.#ended.resolve()
  }

  /** What `action` comes to; undefined if the checkpoint ends before, and then whatever it comes to is of no interest. */
  orEnded<T>(action: Promise<T>): Promise<T | undefined> {
    action.catch(() => {})
    return Promise.race([action, this.#ended.promise.then(() => undefined)])
  }

  /** The same for work in its directory, which is not to be removed before that has ended. */
  working<T>(action: Promise<T>): Promise<T | undefined> {
    this.#work = Promise.allSettled([this.#work, action])
    return this.orEnded(action)
  }

  /** Resolves when nothing more is done in its directory on this side. */
  get worked(): Promise<unknown> {
    return this.#work
  }

  /** Subtasks are about to be told. Those that have finished have nothing more to say. */
  trigger(coordinators: ReadonlyMap<string, Uint8Array>, isFinished: (subtask: SubtaskAddress) => boolean): void {
    this.enter('triggered')
    this.#coordinators = coordinators
    const missing = this.#missingCount
    for (const [vertexIndex, subtasks] of this.#acknowledged.entries()) {
      for (const subtaskIndex of subtasks.keys()) {
        if (!isFinished({ vertexIndex, subtaskIndex })) continue
        subtasks[subtaskIndex] = 'finished'
        this.#missingCount--
      }
    }
    this.record.skipped(missing - this.#missingCount)
    for (const state of coordinators.values()) this.record.coordinatorBytes(state.length)
  }

  /** Answers false if it was not expected: the checkpoint is not being acknowledged, or this subtask has done so. */
  acknowledge({ vertexIndex, subtaskIndex }: SubtaskAddress, snapshot: SubtaskSnapshot): boolean {
    const { name, operators } = this.#jobGraph.vertices[vertexIndex]!
    if (this.#state !== 'triggered' || this.#acknowledged[vertexIndex]![subtaskIndex] !== undefined) return false
    assert(
      snapshot.operators.length === operators.length,
      () => `${name} has ${operators.length} operators and acknowledged ${snapshot.operators.length}`,
    )
    this.#acknowledged[vertexIndex]![subtaskIndex] = snapshot
    this.#missingCount--
    return true
  }

  get missingCount(): number {
    return this.#missingCount
  }

  /** Whether it needs nothing more of the subtask. */
  hasAcknowledged({ vertexIndex, subtaskIndex }: SubtaskAddress): boolean {
    return this.#acknowledged[vertexIndex]![subtaskIndex] !== undefined
  }

  /** What it waits for, in a few words. */
  describeWait(): string {
    for (const [vertexIndex, subtasks] of this.#acknowledged.entries()) {
      const subtaskIndex = subtasks.indexOf(undefined)
      if (this.#state !== 'triggered' || subtaskIndex === -1) continue
      const missing = describeSubtask(this.#jobGraph, { vertexIndex, subtaskIndex })
      return `${this.#missingCount} subtasks had not acknowledged it, ${missing} among them`
    }
    return `it was still ${this.#state}`
  }

  /** Subtasks whose part holds the effect of all their input. */
  subtasksAtTheirEnd(): readonly SubtaskAddress[] {
    return this.#acknowledged.flatMap((subtasks, vertexIndex) =>
      subtasks.flatMap((snapshot, subtaskIndex) =>
        snapshot !== undefined && snapshot !== 'finished' && isAtItsEnd(snapshot) ? { vertexIndex, subtaskIndex } : [],
      ),
    )
  }

  /** All that was acknowledged, with every operator of the job, in graph order. */
  metadata(job: { readonly jobId: string; readonly jobName: string }): SnapshotMetadata {
    assert(this.#missingCount === 0, () => `checkpoint ${this.checkpointId} lacks ${this.#missingCount} subtasks`)
    return {
      kind: this.request.kind,
      checkpointId: this.checkpointId,
      timestampMs: this.timestampMs,
      jobId: job.jobId,
      jobName: job.jobName,
      operators: this.#jobGraph.vertices.flatMap((vertex) =>
        vertex.operators.map(
          ({ id, uid, name }, position): OperatorState => ({
            operatorId: id,
            uid,
            name,
            parallelism: vertex.parallelism,
            maxParallelism: vertex.maxParallelism,
            coordinator: this.#coordinators.get(id),
            subtasks: this.#acknowledged[vertex.index]!.map((snapshot) => {
              assert(snapshot !== undefined, () => `checkpoint ${this.checkpointId} lacks a subtask of ${vertex.name}`)
              return snapshot === 'finished' ? FINISHED : snapshot.operators[position]!
            }),
          }),
        ),
      ),
    }
  }
}

/** Whether the snapshot was taken when the subtask's operators had been told of the end of their input. */
export function isAtItsEnd({ operators }: SubtaskSnapshot): boolean {
  return operators.length > 0 && operators.every(({ hasEndedInput }) => hasEndedInput)
}
