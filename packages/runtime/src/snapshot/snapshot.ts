import type { TypeDescription } from '../record/type-description.ts'

// What a snapshot consists of, as plain data: workers send the parts of it, the coordinator keeps them as metadata.

export type SnapshotKind = 'checkpoint' | 'savepoint'

/** A whole snapshot of a job: what `_metadata` holds. */
export interface SnapshotMetadata {
  readonly kind: SnapshotKind
  readonly checkpointId: number
  /** When it was triggered, since the epoch. */
  readonly timestampMs: number
  /** 32 hex digits. */
  readonly jobId: string
  readonly jobName: string
  /** Every operator of the job, in graph order, with or without state. */
  readonly operators: readonly OperatorState[]
}

/** The state of one operator: that of its coordinator, if it is a source, and that of its subtasks. */
export interface OperatorState {
  /** 32 hex digits. */
  readonly operatorId: string
  readonly uid: string | undefined
  readonly name: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** What the source's enumerator keeps. */
  readonly coordinator: Uint8Array | undefined
  /** By subtask index; as many as `parallelism`. */
  readonly subtasks: readonly OperatorSubtaskState[]
}

/** What one subtask keeps for one operator. */
export interface OperatorSubtaskState {
  /** It had ended: it keeps nothing, and nothing more comes from it. */
  readonly isFinished: boolean
  /** It had handled all its input, and its operators had emitted what they held back. */
  readonly hasEndedInput: boolean
  readonly keyed: KeyedStateHandle | undefined
  readonly lists: readonly ListStateHandle[]
}

/** Where bytes are: in a file, whose path is relative to the directory of the metadata, or in the handle. */
export type StateLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }

/** A run of bytes that has a checksum of its own (CRC-32). */
export interface StateBlock {
  readonly offset: number
  readonly length: number
  readonly checksum: number
}

export type KeyedStateKind = 'value' | 'list' | 'map' | 'reducing' | 'aggregating' | 'timers'

/** One keyed state: what all its key groups have in common. */
export interface KeyedStateMeta {
  /** Unique within the operator. */
  readonly name: string
  readonly kind: KeyedStateKind
  /** Of the values (of a map: its values; of an aggregating state: the accumulator); `generic` if nothing is known. */
  readonly type: TypeDescription
  /** Of a map's keys. */
  readonly mapKeyType: TypeDescription | undefined
  /** Whether the type was declared. Otherwise it was inferred from some of the values. */
  readonly isDeclared: boolean
  /** Whether each value carries the time when it was last used. */
  readonly hasTtl: boolean
}

/** The keyed state of one operator in one subtask: one block a key group, each with the entries of all states. */
export interface KeyedStateHandle {
  readonly location: StateLocation
  /** Blocks refer to states by position. */
  readonly states: readonly KeyedStateMeta[]
  /** Only those that are not empty; ascending by key group. */
  readonly keyGroups: readonly KeyGroupBlock[]
}

export interface KeyGroupBlock extends StateBlock {
  readonly keyGroup: number
  /** By state: how many keys have a value. */
  readonly keyCounts: readonly number[]
}

/** `split`: items are dealt out anew; `union`: all subtasks get all; `broadcast`: all subtasks have the same. */
export type ListStateMode = 'split' | 'union' | 'broadcast'

/** An operator state of one subtask: items, each a value of the general codec. */
export interface ListStateHandle {
  readonly name: string
  readonly mode: ListStateMode
  readonly type: TypeDescription
  readonly isDeclared: boolean
  readonly location: StateLocation
  readonly block: StateBlock
  readonly itemCount: number
}

/** What a subtask sends when it has taken its snapshot. */
export interface SubtaskSnapshot {
  /** By position in the chain. */
  readonly operators: readonly OperatorSubtaskState[]
  /** Bytes of state, in files and inline. */
  readonly stateBytes: number
}

/** What a subtask gets to start from. */
export interface SubtaskRestore {
  readonly checkpointId: number
  /** Directory of the metadata: relative paths of handles start there. Undefined if nothing is in files. */
  readonly directory: string | undefined
  /** All subtasks of the vertex had ended: nothing is opened or read, and its outputs end at once. */
  readonly isFinished: boolean
  /** The operators had been told of the end of their input, and are not told again. */
  readonly hasEndedInput: boolean
  /** By position in the chain; undefined for an operator that starts empty. */
  readonly operators: readonly (OperatorRestore | undefined)[]
}

/** What one operator of one subtask gets: cuts of the handles of all subtasks that were. */
export interface OperatorRestore {
  /** Only blocks of key groups that this subtask owns. */
  readonly keyed: readonly KeyedStateHandle[]
  readonly lists: readonly ListShare[]
}

/** Of the items of a handle: those at `first`, `first + step`, ... */
export interface ListShare {
  readonly handle: ListStateHandle
  readonly first: number
  readonly step: number
}
