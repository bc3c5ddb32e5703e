import { assert } from '../base/assert.ts'
import type { JobInfo } from '../connector/job-info.ts'
import type { SourceReaderContext } from '../connector/source.ts'
import type { TaskInfo } from '../connector/task-info.ts'
import type { RecordPartitioning } from '../exchange/emit-compiler.ts'
import { InputGate } from '../exchange/input-gate.ts'
import { OverflowBudget } from '../exchange/overflow-budget.ts'
import { RecordWriter } from '../exchange/record-writer.ts'
import type { ChainedOperator, JobEdge, JobVertex } from '../graph/job-graph.ts'
import type { PlannedEdge } from '../graph/plan.ts'
import { keyGroupRangeForSubtask } from '../keys/key-group-range.ts'
import { SubtaskMetrics } from '../metrics/subtask-metrics.ts'
import type { OperatorContext, OperatorStates } from '../operators/generated-operator.ts'
import { jobInfoOf } from '../protocol/job-info-of.ts'
import type { SlotMessage } from '../protocol/messages.ts'
import type { SubtaskDeployment, WriterDeployment } from '../protocol/slot-deployment.ts'
import { createEdgeCodec, type EdgeCodec } from '../record/edge-codec.ts'
import type { OutputAvailability } from '../record/segment-codec.ts'
import { writeSubtaskSnapshot } from '../snapshot/snapshot-writer.ts'
import { HeapKeyedStateBackend } from '../state/heap-keyed-state-backend.ts'
import { HeapOperatorStateBackend } from '../state/heap-operator-state-backend.ts'
import { compileChain } from './chain.ts'
import { CheckpointAlignment } from './checkpoint-alignment.ts'
import type { CheckpointOptionsBook } from './checkpoint-options-book.ts'
import { createMutationChecks } from './mutation-checks.ts'
import { type LogBudget, SlotLogger } from './slot-logger.ts'
import type { SlotParts, SlotPlan } from './slot-parts.ts'
import { SourceTask } from './source-task.ts'
import { Subtask } from './subtask.ts'
import { SubtaskCheckpoints } from './subtask-checkpoints.ts'
import type { TextChannel } from './text-channel.ts'

/** Everything that a subtask is made in. */
type SubtaskWorld = SlotParts &
  SlotPlan & { readonly logBudget: LogBudget; readonly checkpointOptions: CheckpointOptionsBook }

/** Makes one subtask from its deployment and this thread's plan. */
export function createSubtask(
  deployment: SubtaskDeployment,
  slot: SubtaskWorld,
  text: TextChannel,
  wake: () => void,
): Subtask {
  const { plan, clock, send } = slot
  const { address } = deployment
  const { subtaskIndex } = address
  const vertex = plan.jobGraph.vertices[address.vertexIndex]
  assert(vertex !== undefined, () => `no vertex ${address.vertexIndex}`)
  const abort = new AbortController()
  const availability: OutputAvailability = { stop: false }
  const metrics = new SubtaskMetrics(deployment.metrics, (name, place, metricKind) =>
    send({ kind: 'counter', subtask: address, name, place, metricKind }),
  )
  const overflow = new OverflowBudget(slot.overflowBytesMax)
  const writers = new Map(
    deployment.writers.map((writer) => [
      writer.edgeIndex,
      createWriter(writer, { slot, vertex, subtaskIndex, availability, overflow }),
    ]),
  )
  const states = vertex.operators.map((operator) =>
    operatorStates(operator, { vertex, subtaskIndex, slot, restoredCheckpointId: deployment.restore?.checkpointId }),
  )
  const jobInfo = jobInfoOf(slot.deployment)
  const contexts = vertex.operators.map((operator, i) =>
    operatorContext(taskInfo(operator.name, vertex, subtaskIndex, slot), {
      slot,
      jobInfo,
      text,
      metrics,
      abort,
      states: states[i]!,
    }),
  )
  const definitions = vertex.operators.map((operator) => plan.operators.get(operator.id)!.definition)
  const checks = slot.checkMutation ? createMutationChecks(vertex, slot.registry) : undefined
  const chain = compileChain({
    vertex,
    edges: plan.jobGraph.edges,
    definitions,
    networkOutputs: new Map([...writers].map(([edgeIndex, writer]) => [edgeIndex, writer.emit])),
    availability,
    wake,
    checkEmitted: checks?.emitted,
    label: `${slot.deployment.jobName}/${slot.deployment.jobId}/${vertex.name}/${subtaskIndex}/${slot.deployment.attempt}`,
  })
  const head = definitions[0]!
  const source =
    head.kind === 'source'
      ? new SourceTask({
          operatorName: vertex.operators[0]!.name,
          createReader: (context) => head.source.createReader(context),
          context: readerContext(contexts[0]!, address, slot),
          wake,
          state: states[0]!.operator,
          onStarted: () => send({ kind: 'reader-started', subtask: address }),
        })
      : undefined
  const gates = deployment.gates.map((gate) => {
    const edge = plan.jobGraph.edges[gate.edgeIndex]!
    return {
      typeNumber: edge.typeNumber,
      gate: new InputGate<unknown>({
        memory: gate.memory,
        codec: edgeCodec(slot, edge),
        producerDoorbells: gate.producerSlots.map((producer) => slot.doorbells[producer]!),
      }),
    }
  })
  const { checkpointing } = slot.deployment
  const subtask: Subtask = new Subtask({
    address,
    chain,
    contexts,
    states,
    restore: deployment.restore,
    storage: slot.storage,
    gates,
    alignment: new CheckpointAlignment(
      gates.map(({ gate }) => gate),
      checkpointing.mode,
      clock,
    ),
    checkpoints: new SubtaskCheckpoints({
      chain,
      states,
      source,
      clock,
      wake,
      emitBarrier: (barrier) => subtask.emitBarrier(barrier),
      hasEndedInput: () => subtask.hasEndedInput,
      optionsOf: (checkpointId) => slot.checkpointOptions.get(checkpointId),
      write: (operators, { directory, inlineBytesMax, checkpointId }) =>
        writeSubtaskSnapshot({
          operators,
          directory,
          fileName: `${vertex.id}-${subtaskIndex}-${checkpointId}`,
          inlineBytesMax,
          storage: slot.storage,
        }),
      acknowledge: (checkpointId, snapshot, metrics) =>
        send({ kind: 'checkpoint-acknowledged', subtask: address, checkpointId, snapshot, metrics }),
      decline: (checkpointId, error) => send({ kind: 'checkpoint-declined', subtask: address, checkpointId, error }),
    }),
    expectsFinalCheckpoint: checkpointing.isEnabled && checkpointing.afterTasksFinish,
    onAwaitingFinalCheckpoint: () => send({ kind: 'awaiting-final-checkpoint', subtask: address }),
    writers: [...writers.values()],
    source,
    availability,
    clock,
    pacing: slot.createPacing(),
    metrics,
    checks,
    abort,
    wake,
    onState: (state, failure) =>
      send({ kind: 'subtask-state', subtask: address, state, ...(failure !== undefined && { failure }) }),
  })
  return subtask
}

function operatorStates(
  { name, keyed }: ChainedOperator,
  parts: {
    readonly vertex: JobVertex
    readonly subtaskIndex: number
    readonly slot: SubtaskWorld
    readonly restoredCheckpointId: number | undefined
  },
): OperatorStates {
  const { vertex, subtaskIndex, slot, restoredCheckpointId } = parts
  const { registry } = slot
  const { maxParallelism, parallelism } = vertex
  return {
    keyed: keyed
      ? new HeapKeyedStateBackend({
          operatorName: name,
          keyGroupRange: keyGroupRangeForSubtask(subtaskIndex, maxParallelism, parallelism),
          maxParallelism,
          registry,
          clock: slot.clock,
        })
      : undefined,
    operator: new HeapOperatorStateBackend({ operatorName: name, registry, subtaskIndex }),
    restoredCheckpointId,
  }
}

function createWriter(
  deployment: WriterDeployment,
  parts: {
    readonly slot: SubtaskWorld
    readonly vertex: JobVertex
    readonly subtaskIndex: number
    readonly availability: OutputAvailability
    readonly overflow: OverflowBudget
  },
): RecordWriter<unknown> {
  const { slot, vertex } = parts
  const edge = slot.plan.jobGraph.edges[deployment.edgeIndex]!
  const target = slot.plan.jobGraph.vertices[edge.targetVertex]!
  const planned = slot.plan.edges[edge.index]!
  return new RecordWriter<unknown>({
    channels: deployment.channels.map((channel) => ({
      memory: channel.memory,
      channelIndex: channel.channelIndex,
      consumerDoorbell: slot.doorbells[channel.consumerSlot]!,
    })),
    partitioning: partitioningOf(edge.ship, planned, target.maxParallelism),
    codec: edgeCodec(slot, edge),
    bufferTimeoutMs: edge.bufferTimeoutMs,
    clock: slot.clock,
    random: slot.random,
    availability: parts.availability,
    overflow: parts.overflow,
    describe: () =>
      `the edge from "${vertex.operators[edge.sourceOperator]!.name}" (subtask ${parts.subtaskIndex + 1}) to "${target.name}"`,
  })
}

function partitioningOf(
  ship: JobEdge['ship'],
  planned: PlannedEdge,
  maxParallelism: number,
): RecordPartitioning<unknown> {
  const { keySelector, partitioner } = planned
  if (ship === 'HASH') {
    assert(keySelector !== undefined, () => 'a HASH edge has no key selector')
    return { ship, keySelector, maxParallelism }
  }
  if (ship === 'CUSTOM') {
    assert(keySelector !== undefined && partitioner !== undefined, () => 'a CUSTOM edge has no partitioner')
    return { ship, keySelector, partitioner }
  }
  return { ship }
}

function edgeCodec(slot: SubtaskWorld, edge: JobEdge): EdgeCodec<unknown> {
  const { vertices } = slot.plan.jobGraph
  const type = slot.plan.edges[edge.index]!.recordType
  return createEdgeCodec<unknown>({
    ...(type !== undefined && { type }),
    registry: slot.registry,
    genericTypes: slot.genericTypes,
    describe: () => {
      const source = vertices[edge.sourceVertex]!.operators[edge.sourceOperator]!
      return `from "${source.name}" to "${vertices[edge.targetVertex]!.operators[0]!.name}"`
    },
  })
}

function taskInfo(name: string, vertex: JobVertex, index: number, slot: SubtaskWorld): TaskInfo {
  return {
    name,
    index,
    parallelism: vertex.parallelism,
    maxParallelism: vertex.maxParallelism,
    attempt: slot.deployment.attempt,
  }
}

function operatorContext(
  info: TaskInfo,
  parts: {
    readonly slot: SubtaskWorld
    readonly jobInfo: JobInfo
    readonly text: TextChannel
    readonly metrics: SubtaskMetrics
    readonly abort: AbortController
    readonly states: OperatorStates
  },
): OperatorContext {
  const { slot, states } = parts
  return {
    states,
    jobInfo: parts.jobInfo,
    checkpointingEnabled: slot.deployment.checkpointing.isEnabled,
    restoredCheckpointId: states.restoredCheckpointId,
    taskInfo: info,
    metrics: parts.metrics.group(info.name),
    logger: new SlotLogger(slot.send, slot.logBudget, { operator: info.name, subtask: info.index }),
    signal: parts.abort.signal,
    clock: slot.clock,
    standardOutput: parts.text,
    collected: (name, records) => slot.send({ kind: 'collected', name, records: slot.values.encode(records) }),
  }
}

function readerContext(
  context: OperatorContext,
  subtask: SubtaskDeployment['address'],
  slot: SubtaskWorld,
): SourceReaderContext {
  const send = (message: SlotMessage) => slot.send(message)
  return {
    taskInfo: context.taskInfo,
    jobInfo: context.jobInfo,
    logger: context.logger,
    metrics: context.metrics,
    clock: context.clock,
    signal: context.signal,
    restoredCheckpointId: context.states.restoredCheckpointId,
    sendSplitRequest: () => send({ kind: 'split-request', subtask }),
    sendSourceEvent: (event) => send({ kind: 'source-event', subtask, event: slot.values.encode(event) }),
  }
}
