import { assert } from '../base/assert.ts'
import { wireChannels } from '../exchange/channel-wiring.ts'
import { allocateGateMemory, type GateMemorySpec, gateMemoryBytes } from '../exchange/gate-memory.ts'
import type { JobGraph } from '../graph/job-graph.ts'
import { allocateSubtaskMetrics } from '../metrics/subtask-metrics.ts'
import type { SubtaskAddress } from '../protocol/messages.ts'
import {
  type CheckpointingDeployment,
  DOORBELL_STRIDE_BYTES,
  type GateDeployment,
  type JobReference,
  type SlotDeployment,
  type SubtaskDeployment,
  type WriterDeployment,
} from '../protocol/slot-deployment.ts'
import type { SubtaskRestore } from '../snapshot/snapshot.ts'
import { ClusterError } from './cluster-error.ts'
import type { SlotAssignment } from './slot-sharing.ts'

/** Sizes of the data plane, from the configuration. */
export interface NetworkSettings {
  readonly segmentBytes: number
  readonly exclusiveSegments: number
  readonly floatingSegments: number
  /** The most that all segments of a job may take together. */
  readonly networkBytesMax: number
}

/** One attempt's shared memory and messages, all fresh: nothing of an earlier attempt is ever read again. */
export function planDeployment(parts: {
  readonly jobGraph: JobGraph
  readonly jobId: string
  readonly attempt: number
  readonly job: JobReference
  readonly slots: readonly SlotAssignment[]
  readonly network: NetworkSettings
  readonly checkpointing: CheckpointingDeployment
  /** What each subtask starts from. */
  readonly restoreOf: (subtask: SubtaskAddress) => SubtaskRestore | undefined
}): readonly SlotDeployment[] {
  const { jobGraph, slots, network } = parts
  const slotOf = new Map(slots.flatMap((slot, i) => slot.subtasks.map((subtask) => [addressKey(subtask), i] as const)))
  const slotIndexOf = (vertexIndex: number, subtaskIndex: number): number => {
    const slot = slotOf.get(addressKey({ vertexIndex, subtaskIndex }))
    assert(slot !== undefined, () => `subtask ${vertexIndex}/${subtaskIndex} has no slot`)
    return slot
  }
  checkNetworkMemory(jobGraph, network)

  const gates = new Map<string, GateDeployment[]>()
  const writers = new Map<string, WriterDeployment[]>()
  for (const edge of jobGraph.edges) {
    const source = jobGraph.vertices[edge.sourceVertex]!
    const target = jobGraph.vertices[edge.targetVertex]!
    const wiring = wireChannels(edge.distribution, source.parallelism, target.parallelism)
    const memories = wiring.inputs.map((producers) => allocateGateMemory(gateSpec(producers.length, network)))
    for (const [consumer, producers] of wiring.inputs.entries()) {
      append(gates, addressKey({ vertexIndex: target.index, subtaskIndex: consumer }), {
        edgeIndex: edge.index,
        memory: memories[consumer]!,
        producerSlots: producers.map((producer) => slotIndexOf(source.index, producer)),
      })
    }
    for (const [producer, targets] of wiring.outputs.entries()) {
      append(writers, addressKey({ vertexIndex: source.index, subtaskIndex: producer }), {
        edgeIndex: edge.index,
        channels: targets.map(({ consumerIndex, channelIndex }) => ({
          memory: memories[consumerIndex]!,
          channelIndex,
          consumerSlot: slotIndexOf(target.index, consumerIndex),
        })),
      })
    }
  }

  const doorbells = new SharedArrayBuffer(Math.max(1, slots.length) * DOORBELL_STRIDE_BYTES)
  return slots.map((slot, slotIndex) => ({
    jobId: parts.jobId,
    jobName: jobGraph.jobName,
    attempt: parts.attempt,
    slotIndex,
    job: parts.job,
    doorbells,
    checkpointing: parts.checkpointing,
    subtasks: slot.subtasks.map(
      (address): SubtaskDeployment => ({
        address,
        metrics: allocateSubtaskMetrics(),
        gates: gates.get(addressKey(address)) ?? [],
        writers: writers.get(addressKey(address)) ?? [],
        restore: parts.restoreOf(address),
      }),
    ),
  }))
}

/** @throws ClusterError `NOT_ENOUGH_NETWORK_MEMORY` */
export function checkNetworkMemory(jobGraph: JobGraph, network: NetworkSettings): void {
  let bytes = 0
  for (const edge of jobGraph.edges) {
    const source = jobGraph.vertices[edge.sourceVertex]!
    const target = jobGraph.vertices[edge.targetVertex]!
    for (const producers of wireChannels(edge.distribution, source.parallelism, target.parallelism).inputs) {
      bytes += gateMemoryBytes(gateSpec(producers.length, network))
    }
  }
  if (bytes <= network.networkBytesMax) return
  throw new ClusterError(
    'NOT_ENOUGH_NETWORK_MEMORY',
    `Cannot start job "${jobGraph.jobName}": its channels need ${mebibytes(bytes)} of network memory, but at most ${mebibytes(network.networkBytesMax)} are allowed. Raise taskmanager.memory.network.max (and .fraction), or lower the parallelism, taskmanager.memory.segment-size or taskmanager.network.memory.buffers-per-channel.`,
    { bytesNeeded: bytes, bytesMax: network.networkBytesMax },
  )
}

function gateSpec(channelCount: number, network: NetworkSettings): GateMemorySpec {
  const { exclusiveSegments, floatingSegments, segmentBytes } = network
  return { channelCount, exclusiveSegments, floatingSegments, segmentBytes }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

function addressKey({ vertexIndex, subtaskIndex }: SubtaskAddress): string {
  return `${vertexIndex}/${subtaskIndex}`
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
