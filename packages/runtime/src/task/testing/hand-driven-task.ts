import type { InputStatus, ReaderOutput, SourceReader, SourceSplit } from '../../connector/source.ts'
import { LocalDoorbell } from '../../exchange/doorbell.ts'
import type { JobVertexId, OperatorId } from '../../graph/ids.ts'
import type { ChainedOperator, JobVertex } from '../../graph/job-graph.ts'
import {
  allocateSubtaskMetrics,
  readSubtaskNumbers,
  SubtaskMetrics,
  type SubtaskNumbers,
} from '../../metrics/subtask-metrics.ts'
import type { OperatorContext, OperatorStates } from '../../operators/generated-operator.ts'
import type { OperatorDefinition } from '../../operators/operator.ts'
import type { SubtaskFailure } from '../../protocol/messages.ts'
import { isTerminalSubtaskState, type SubtaskState } from '../../protocol/subtask-state.ts'
import { TypeRegistry } from '../../record/type-registry.ts'
import type { SubtaskSnapshot } from '../../snapshot/snapshot.ts'
import type { SnapshotStorage } from '../../snapshot/snapshot-storage.ts'
import { writeSubtaskSnapshot } from '../../snapshot/snapshot-writer.ts'
import { HeapKeyedStateBackend } from '../../state/heap-keyed-state-backend.ts'
import { HeapOperatorStateBackend } from '../../state/heap-operator-state-backend.ts'
import { silentLogger, testJobInfo } from '../../testing/connector-contexts.ts'
import { SimulatedClock } from '../../testing/simulated-clock.ts'
import { type Chain, compileChain } from '../chain.ts'
import { CheckpointAlignment } from '../checkpoint-alignment.ts'
import { SourceTask } from '../source-task.ts'
import { Subtask } from '../subtask.ts'
import { SubtaskCheckpoints } from '../subtask-checkpoints.ts'

/** A reader that emits what the test gives it. */
export class GivenReader implements SourceReader<unknown, SourceSplit> {
  readonly calls: string[] = []
  readonly given: unknown[] = []
  ended = false
  #resolve = () => {}

  give(...records: readonly unknown[]): void {
    this.given.push(...records)
    this.#resolve()
  }

  end(): void {
    this.ended = true
    this.#resolve()
  }

  start(): void | Promise<void> {
    this.calls.push('start')
  }

  pollNext(output: ReaderOutput<unknown>): InputStatus {
    while (this.given.length > 0) if (!output.collect(this.given.shift())) return 'more-available'
    return this.ended ? 'end-of-input' : 'nothing-available'
  }

  isAvailable(): Promise<void> {
    this.calls.push('isAvailable')
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  addSplits(splits: readonly SourceSplit[]): void {
    this.calls.push(`addSplits ${splits.map(({ splitId }) => splitId).join()}`)
  }

  notifyNoMoreSplits(): void {
    this.calls.push('notifyNoMoreSplits')
  }

  close(): void | Promise<void> {
    this.calls.push('close')
  }
}

const source: OperatorDefinition = {
  kind: 'source',
  source: {
    boundedness: 'bounded',
    createEnumerator: () => {
      throw new Error('nobody enumerates here')
    },
    createReader: () => new GivenReader(),
  },
}

/**
 * One subtask, a source and the operators behind it in one chain, which a test visits by hand. What leaves the chain's
 * end is in `out`, as if it were the network: `availability.stop` is raised while `capacity` is used up.
 */
export class HandDrivenTask {
  readonly clock = new SimulatedClock()
  readonly bell = new LocalDoorbell()
  readonly reader: GivenReader
  readonly availability = { stop: false }
  readonly out: unknown[] = []
  readonly states: SubtaskState[] = []
  readonly collected: unknown[] = []
  readonly chain: Chain
  readonly subtask: Subtask
  failure: SubtaskFailure | undefined
  /** What the coordinator can read when it hears of the end. */
  numbersAtEnd: SubtaskNumbers | undefined
  /** Records that `out` takes before it has no more room. */
  capacity = Number.POSITIVE_INFINITY

  readonly acknowledged: { readonly checkpointId: number; readonly snapshot: SubtaskSnapshot }[] = []
  readonly declined: { readonly checkpointId: number; readonly message: string }[] = []
  readonly checkpointingEnabled: boolean
  awaitsFinalCheckpoint = false

  constructor(
    operators: readonly OperatorDefinition[],
    reader: GivenReader = new GivenReader(),
    { checkpointingEnabled = false }: { readonly checkpointingEnabled?: boolean } = {},
  ) {
    this.reader = reader
    this.checkpointingEnabled = checkpointingEnabled
    const definitions = [source, ...operators]
    const abort = new AbortController()
    const vertex = chainOf(definitions)
    const wake = () => this.bell.ring()
    this.chain = compileChain({
      vertex,
      edges: [edge],
      definitions,
      networkOutputs: new Map([[0, (record) => this.#take(record)]]),
      availability: this.availability,
      wake,
      checkEmitted: undefined,
      label: 'hand-driven',
    })
    const memory = allocateSubtaskMetrics()
    const metrics = new SubtaskMetrics(memory, () => {})
    const registry = new TypeRegistry()
    const states = vertex.operators.map(
      ({ name }): OperatorStates => ({
        keyed: new HeapKeyedStateBackend({
          operatorName: name,
          keyGroupRange: { start: 0, end: 127 },
          maxParallelism: 128,
          registry,
          clock: this.clock,
        }),
        operator: new HeapOperatorStateBackend({ operatorName: name, registry }),
        restoredCheckpointId: undefined,
      }),
    )
    const contexts = vertex.operators.map(
      ({ name }, i): OperatorContext => ({
        states: states[i]!,
        jobInfo: testJobInfo(),
        checkpointingEnabled: this.checkpointingEnabled,
        restoredCheckpointId: undefined,
        taskInfo: { name, index: 0, parallelism: 1, maxParallelism: 128, attempt: 0 },
        metrics: metrics.group(name),
        logger: silentLogger,
        signal: abort.signal,
        clock: this.clock,
        standardOutput: { write: () => {} },
        collected: (_name, records) => this.collected.push(...records),
      }),
    )
    const task = new SourceTask({
      operatorName: 'Source',
      createReader: () => this.reader,
      context: {
        ...contexts[0]!,
        restoredCheckpointId: undefined,
        sendSplitRequest: () => {},
        sendSourceEvent: () => {},
      },
      wake,
      state: states[0]!.operator,
      onStarted: () => {},
    })
    this.subtask = new Subtask({
      address: { vertexIndex: 0, subtaskIndex: 0 },
      chain: this.chain,
      contexts,
      states,
      restore: undefined,
      storage: noStorage,
      gates: [],
      writers: [],
      source: task,
      alignment: new CheckpointAlignment([], 'EXACTLY_ONCE', this.clock),
      checkpoints: new SubtaskCheckpoints({
        chain: this.chain,
        states,
        source: task,
        clock: this.clock,
        wake,
        emitBarrier: ({ checkpointId }) => this.out.push(`barrier ${checkpointId}`),
        hasEndedInput: () => this.subtask.hasEndedInput,
        optionsOf: (checkpointId) =>
          Promise.resolve({ checkpointId, timestampMs: 0, directory: undefined, inlineBytesMax: 0, stop: 'none' }),
        write: (operators, { directory, inlineBytesMax }) =>
          writeSubtaskSnapshot({ operators, directory, fileName: 'part', inlineBytesMax, storage: noStorage }),
        acknowledge: (checkpointId, snapshot) => this.acknowledged.push({ checkpointId, snapshot }),
        decline: (checkpointId, error) => this.declined.push({ checkpointId, message: error.message }),
      }),
      expectsFinalCheckpoint: this.checkpointingEnabled,
      onAwaitingFinalCheckpoint: () => {
        this.awaitsFinalCheckpoint = true
      },
      availability: this.availability,
      clock: this.clock,
      pacing: { recordsMax: () => 1_000, took: () => {} },
      metrics,
      checks: undefined,
      abort,
      wake,
      onState: (state, failure) => {
        this.states.push(state)
        if (isTerminalSubtaskState(state)) this.numbersAtEnd = readSubtaskNumbers(memory)
        this.failure ??= failure
      },
    })
  }

  /** Opens the subtask and visits it as a slot does, until its bell is silent. */
  async run(): Promise<void> {
    if (this.states.length === 0) void this.subtask.initialize()
    do {
      await macrotask()
      // As in a thread: the bell is read before the visit.
      do this.bell.take()
      while (this.subtask.visit())
      await macrotask()
    } while (this.bell.rung)
  }

  #take(record: unknown): void {
    this.out.push(record)
    if (this.out.length >= this.capacity) this.availability.stop = true
  }
}

/** Where nothing is written: snapshots are inline. */
const noStorage = new Proxy({} as SnapshotStorage, {
  get(_, name) {
    throw new Error(`the storage was asked to ${String(name)}`)
  },
})

/** Lets promises and callbacks that are due go on. */
export function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const edge = {
  index: 0,
  sourceVertex: 0,
  targetVertex: 1,
  sourceOperator: 0,
  sourceOperatorId: '' as OperatorId,
  ship: 'FORWARD',
  distribution: 'POINTWISE',
  outputTag: null,
  typeNumber: 0,
  bufferTimeoutMs: 0,
} as const

function chainOf(definitions: readonly OperatorDefinition[]): JobVertex {
  const last = definitions.length - 1
  const isSink = (i: number) => ['sink', 'collect'].includes(definitions[i]!.kind)
  // Sinks hang on the last operator that is none; the network does, too, if there are no sinks.
  const end = definitions.findLastIndex((_, i) => !isSink(i))
  return {
    id: '' as JobVertexId,
    index: 0,
    name: 'Hand-driven',
    parallelism: 1,
    maxParallelism: 128,
    explicitMaxParallelism: undefined,
    slotSharingGroup: 'default',
    operators: definitions.map(
      ({ kind }, i): ChainedOperator => ({
        id: String(i) as OperatorId,
        uid: undefined,
        name: i === 0 ? 'Source' : `${kind} ${i}`,
        kind,
        parallelism: 1,
        keyed: false,
        chainedTo:
          i < end
            ? [{ operatorIndex: i + 1, outputTag: null }]
            : i === end
              ? Array.from({ length: last - end }, (_, n) => ({ operatorIndex: end + 1 + n, outputTag: null }))
              : [],
        networkOutputs: i === end && !isSink(last) ? [0] : [],
      }),
    ),
  }
}
