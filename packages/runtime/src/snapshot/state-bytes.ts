import type { TypeDescription } from '../record/type-description.ts'
import type { KeyedStateMeta, ListStateMode } from './snapshot.ts'

// What state backends hand to the writer of snapshots: copies, so that processing goes on while they are written.

/** The keyed state of one operator in one subtask. */
export interface KeyedStateBytes {
  readonly states: readonly KeyedStateMeta[]
  /** Ascending; only those that are not empty. */
  readonly keyGroups: readonly KeyGroupBytes[]
  /** To be called when nobody reads the bytes any more: the next snapshot may be written into the same memory. */
  readonly release?: () => void
}

export interface KeyGroupBytes {
  readonly keyGroup: number
  readonly keyCounts: readonly number[]
  /** In the form of key-group-codec.ts. Not changed before `release`. */
  readonly bytes: Uint8Array
}

/** One operator state of one subtask. */
export interface ListStateBytes {
  readonly name: string
  readonly mode: ListStateMode
  readonly type: TypeDescription
  readonly isDeclared: boolean
  /** Each a value of the general codec. */
  readonly items: readonly Uint8Array[]
}

/** One operator's part of a snapshot. */
export interface OperatorStateBytes {
  readonly keyed: KeyedStateBytes | undefined
  readonly lists: readonly ListStateBytes[]
}
