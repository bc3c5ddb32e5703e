import type { GateMemory } from '../exchange/gate-memory.ts'
import type { SubtaskRestore } from '../snapshot/snapshot.ts'
import type { SubtaskAddress } from './messages.ts'

/** Bytes between two slots' doorbells: a cache line or two, so that ringing one does not slow another. */
export const DOORBELL_STRIDE_BYTES = 128

/** All that a slot needs to run its subtasks: plain data and shared memory. */
export interface SlotDeployment {
  readonly jobId: string
  readonly jobName: string
  /** From 0; one more after each restart. */
  readonly attempt: number
  /** Position in `doorbells`. */
  readonly slotIndex: number
  readonly job: JobReference
  /** One doorbell a slot. */
  readonly doorbells: SharedArrayBuffer
  readonly subtasks: readonly SubtaskDeployment[]
  readonly checkpointing: CheckpointingDeployment
}

/** What slots know of checkpoints beforehand. */
export interface CheckpointingDeployment {
  /** Whether the job takes checkpoints by itself. */
  readonly isEnabled: boolean
  /** Whether it still takes them when some subtasks have finished, so that others may wait for the last one. */
  readonly afterTasksFinish: boolean
  readonly mode: 'EXACTLY_ONCE' | 'AT_LEAST_ONCE'
}

/** How a thread builds the same job graph as the coordinator did. */
export interface JobReference {
  readonly bundleUrl: string
  /** Hex digest of the bundle's bytes; empty in simulation, where the job is at hand. */
  readonly bundleSha256: string
  readonly args: readonly string[]
  /** Everything that is set, also by the job's own `env.configure`. */
  readonly configuration: Readonly<Record<string, string>>
  /** `-p`, if given. */
  readonly parallelism: number | undefined
  /** By operator id: those that came with the state which the job started from. */
  readonly maxParallelisms: Readonly<Record<string, number>>
  /** Of the graph and the bundle (protocol/job-fingerprint.ts). */
  readonly fingerprint: string
  /** Operator ids in graph order, with names: to name the first that differs. */
  readonly operators: readonly { readonly id: string; readonly name: string }[]
}

export interface SubtaskDeployment {
  readonly address: SubtaskAddress
  readonly metrics: SharedArrayBuffer
  /** In the order of the vertex's incoming edges. */
  readonly gates: readonly GateDeployment[]
  /** In the order of the vertex's outgoing edges. */
  readonly writers: readonly WriterDeployment[]
  /** Undefined if the job starts without state. */
  readonly restore: SubtaskRestore | undefined
}

export interface GateDeployment {
  readonly edgeIndex: number
  readonly memory: GateMemory
  /** By channel: the slot whose bell tells the producer of new credit. */
  readonly producerSlots: readonly number[]
}

export interface WriterDeployment {
  readonly edgeIndex: number
  /** In the order in which partitioners count them (exchange/channel-wiring.ts). */
  readonly channels: readonly ChannelDeployment[]
}

export interface ChannelDeployment {
  readonly memory: GateMemory
  readonly channelIndex: number
  readonly consumerSlot: number
}
