import type { BroadcastState, OperatorListState } from '../state/state.ts'
import type { ListStateDescriptor, MapStateDescriptor } from '../state/state-descriptor.ts'
import type { KeyedStateStore } from './keyed-state-store.ts'

/** What a function gets in `snapshotState`. */
export interface FunctionSnapshotContext {
  readonly checkpointId: number
}

/** Where a function gets its operator states: those that belong to a subtask, not to a key. */
export interface OperatorStateStore {
  /** A list that is dealt out anew, item by item, when the parallelism changes. */
  getListState<T>(descriptor: ListStateDescriptor<T>): OperatorListState<T>
  /** A list of which, after a restore, every subtask has the items of all. */
  getUnionListState<T>(descriptor: ListStateDescriptor<T>): OperatorListState<T>
  /** A map of which every subtask has the same: the function answers for it that all change it alike. */
  getBroadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): BroadcastState<K, V>
}

/** What a function gets in `initializeState`. */
export interface FunctionInitializationContext {
  /** Whether the job starts from a snapshot. A state that was not in it is empty all the same. */
  readonly isRestored: boolean
  readonly restoredCheckpointId: number | undefined
  readonly operatorStateStore: OperatorStateStore
  /** For operators on keyed streams. */
  readonly keyedStateStore: KeyedStateStore
}

/**
 * What any function that is an object may have beside its own methods, to take part in snapshots: state of its own that is
 * not by key, or a say in when keyed state is put in order (org.apache.flink.streaming.api.checkpoint.CheckpointedFunction).
 *
 * @example
 * class Numbered implements RichMapFunction<string, string>, CheckpointedFunction {
 *   #count = 0
 *   #kept!: OperatorListState<number>
 *   initializeState({ operatorStateStore }: FunctionInitializationContext) {
 *     this.#kept = operatorStateStore.getListState(new ListStateDescriptor<number>('count'))
 *     for (const count of this.#kept.get()) this.#count += count
 *   }
 *   map(line: string) {
 *     return `${++this.#count}: ${line}`
 *   }
 *   snapshotState() {
 *     this.#kept.update([this.#count])
 *   }
 * }
 * const job = defineJob('numbered', (env) => {
 *   env.fromElements('a', 'b').map(new Numbered()).uid('numbered').collect('lines')
 * })
 * const result = await runInSimulation(job)
 * result.collected('lines') // -> ['1: a', '2: b']
 */
export interface CheckpointedFunction {
  /** Puts what the function holds into its states, which are copied right after. No record comes before it has settled. */
  snapshotState(context: FunctionSnapshotContext): void | Promise<void>
  /** Called once, before `open`. Restored state is there. */
  initializeState(context: FunctionInitializationContext): void | Promise<void>
}

/**
 * What any function that is an object may have beside its own methods, to hear how checkpoints end
 * (org.apache.flink.api.common.state.CheckpointListener). Both may come late; a checkpoint that is complete covers all
 * before it, of which nothing may be heard.
 */
export interface CheckpointListener {
  notifyCheckpointComplete(checkpointId: number): void | Promise<void>
  notifyCheckpointAborted?(checkpointId: number): void | Promise<void>
}
