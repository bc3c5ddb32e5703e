import type { JobGraph } from '../../graph/job-graph.ts'
import type { SubtaskAddress } from '../../protocol/messages.ts'
import type { SubtaskState } from '../../protocol/subtask-state.ts'
import type { OperatorSubtaskState } from '../../snapshot/snapshot.ts'
import { SimulatedClock } from '../../testing/simulated-clock.ts'
import { CheckpointCoordinator } from '../checkpoint-coordinator.ts'
import type { CheckpointSettings, CompletedSnapshot } from '../checkpoint-coordinator-parts.ts'
import { FakeAttempt } from './fake-attempt.ts'
import { ScriptedStorage } from './scripted-storage.ts'
import { smallJobGraph } from './small-job-graph.ts'

export const JOB_ID: string = 'abcdef0123456789abcdef0123456789'
export const JOB_DIRECTORY: string = `/checkpoints/${JOB_ID}`

const DEFAULTS: CheckpointSettings = {
  intervalMs: 100,
  minPauseMs: 0,
  timeoutMs: 1_000,
  maxConcurrent: 1,
  tolerableFailures: 0,
  mode: 'EXACTLY_ONCE',
  retention: 'NO_EXTERNALIZED_CHECKPOINTS',
  retainedCount: 1,
  directory: '/checkpoints',
  savepointDirectory: undefined,
  inlineBytesMax: 1_024,
}

/** Two sources, all of whose records go to two sinks. */
export const SOURCE_AND_SINK: JobGraph = smallJobGraph(
  [
    ['Source', 2],
    ['Sink', 2],
  ],
  [[0, 1]],
)

export const at = (vertexIndex: number, subtaskIndex: number): SubtaskAddress => ({ vertexIndex, subtaskIndex })

/** A coordinator, an attempt and a storage, on virtual time. */
export class CheckpointWorld {
  readonly clock = new SimulatedClock()
  readonly storage = new ScriptedStorage()
  readonly log: string[] = []
  readonly coordinator: CheckpointCoordinator
  attempt: FakeAttempt
  readonly #graph: JobGraph
  #names = 0

  constructor(settings: Partial<CheckpointSettings> = {}, graph: JobGraph = SOURCE_AND_SINK) {
    this.#graph = graph
    this.attempt = new FakeAttempt(graph)
    const logAt = (level: string) => (message: string) => void this.log.push(`${level}: ${message}`)
    this.coordinator = new CheckpointCoordinator({
      jobId: JOB_ID,
      jobName: 'small',
      settings: { ...DEFAULTS, ...settings },
      storage: this.storage,
      clock: this.clock,
      logger: { debug: () => {}, info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
      hexDigits: (count) => String(++this.#names).padStart(count, '0'),
    })
  }

  /** All subtasks run, and the coordinator knows. */
  static running(settings: Partial<CheckpointSettings> = {}, graph?: JobGraph): CheckpointWorld {
    const world = new CheckpointWorld(settings, graph)
    world.coordinator.attach(world.attempt, undefined)
    return world
  }

  /** The attempt is over; another one runs. */
  restart(restored: CompletedSnapshot | undefined = this.coordinator.latest(), graph: JobGraph = this.#graph): void {
    this.coordinator.detach(new Error('the attempt failed'))
    this.attempt = new FakeAttempt(graph)
    this.coordinator.attach(this.attempt, restored)
  }

  /** Lets time pass, and everything that is due happen. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + durationMs
    await this.settle()
    while (this.clock.nextDueMs() <= untilMs) {
      this.clock.advanceTo(this.clock.nextDueMs())
      await this.settle()
    }
    this.clock.advanceTo(untilMs)
    await this.settle()
  }

  /** Lets promises go on. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  acknowledge(checkpointId: number, subtask: SubtaskAddress, state: Partial<OperatorSubtaskState> = {}): void {
    const operator = { isFinished: false, hasEndedInput: false, keyed: undefined, lists: [], ...state }
    this.coordinator.onAcknowledged(
      subtask,
      checkpointId,
      { operators: [operator], stateBytes: 10 },
      { startDelayMs: 1, alignmentMs: 2, syncMs: 3, asyncMs: 4, stateBytes: 10 },
    )
  }

  /** Every subtask that runs acknowledges. */
  async acknowledgeAll(checkpointId: number, state: Partial<OperatorSubtaskState> = {}): Promise<void> {
    for (const subtask of this.attempt.running()) this.acknowledge(checkpointId, subtask, state)
    await this.settle()
  }

  enter(subtask: SubtaskAddress, state: SubtaskState): void {
    this.attempt.set(subtask, state)
    this.coordinator.onSubtaskState(subtask, state)
  }

  /** What the attempt was told since the last question. */
  told(): readonly string[] {
    return this.attempt.told.splice(0)
  }

  /** Directories of snapshots whose metadata is there. */
  completeDirectories(): readonly string[] {
    return [...this.storage.files.keys()].flatMap((path) =>
      path.endsWith('/_metadata') ? [path.slice(0, -'/_metadata'.length)] : [],
    )
  }
}

/** How a promise came out: what it resolved with, or the message of its error; `pending` if it has not. */
export async function outcomeOf(promise: Promise<CompletedSnapshot>): Promise<string> {
  const pending = Symbol('pending')
  try {
    const outcome = await Promise.race([promise, new Promise((resolve) => setImmediate(resolve, pending))])
    return outcome === pending ? 'pending' : `complete: ${(outcome as CompletedSnapshot).path}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
