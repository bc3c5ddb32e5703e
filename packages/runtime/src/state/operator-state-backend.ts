import type { ListShare } from '../snapshot/snapshot.ts'
import type { ListStateBytes } from '../snapshot/state-bytes.ts'
import type { BroadcastState, OperatorListState } from './state.ts'
import type { ListStateDescriptor, MapStateDescriptor } from './state-descriptor.ts'

/** Reads the items of a share, each a value of the general codec, with the checksum of their block verified. */
export type ReadListItems = (share: ListShare) => Promise<readonly Uint8Array[]>

/** State of one operator in one subtask that has no keys (org.apache.flink.api.common.state.OperatorStateStore). */
export interface OperatorStateBackend {
  /** Dealt out round-robin when the parallelism changes. */
  listState<T>(descriptor: ListStateDescriptor<T>): OperatorListState<T>
  /** Every subtask gets the elements of all. */
  unionListState<T>(descriptor: ListStateDescriptor<T>): OperatorListState<T>
  broadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): BroadcastState<K, V>
  /** Called once at most, before any state is asked for. */
  restore(shares: readonly ListShare[], read: ReadListItems): Promise<void>
  /** A copy of all states; those without items are left out. */
  snapshot(): readonly ListStateBytes[]
}
