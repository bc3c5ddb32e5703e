import { typeName } from '../record/type-description.ts'
import type { OpenedSnapshot } from './open-snapshot.ts'
import type {
  KeyedStateKind,
  ListStateMode,
  OperatorState,
  OperatorSubtaskState,
  SnapshotKind,
  SnapshotMetadata,
} from './snapshot.ts'
import { SnapshotError } from './snapshot-error.ts'
import { type BlockReaders, createBlockReaders } from './snapshot-reader.ts'
import type { SnapshotStorage } from './snapshot-storage.ts'

/** What is in a snapshot, as plain data. */
export interface SnapshotInspection
  extends Pick<SnapshotMetadata, 'checkpointId' | 'timestampMs' | 'jobId' | 'jobName'> {
  readonly kind: SnapshotKind
  readonly directory: string
  readonly stateBytes: number
  /** In graph order. */
  readonly operators: readonly OperatorInspection[]
  /** Empty if every checksum is right. At most {@link damagesMax}. */
  readonly damages: readonly SnapshotDamage[]
}

export interface OperatorInspection {
  readonly operatorId: string
  readonly uid: string | undefined
  readonly name: string
  readonly parallelism: number
  readonly maxParallelism: number
  /** How many subtasks had ended. */
  readonly finishedSubtaskCount: number
  readonly keyedStates: readonly KeyedStateInspection[]
  /** Those that are not empty, ascending. */
  readonly keyGroups: readonly KeyGroupInspection[]
  readonly listStates: readonly ListStateInspection[]
  /** Of what the source's enumerator keeps. */
  readonly coordinatorBytes: number
  /** All of the above. */
  readonly stateBytes: number
}

export interface KeyedStateInspection {
  readonly name: string
  readonly kind: KeyedStateKind
  /** As in `{id: int, tags?: list<string>}`; more than one where subtasks inferred different ones. */
  readonly types: readonly string[]
  /** Of a map's keys. */
  readonly mapKeyTypes: readonly string[]
  readonly isDeclared: boolean
  readonly hasTtl: boolean
  readonly keyCount: number
}

export interface KeyGroupInspection {
  readonly keyGroup: number
  readonly subtaskIndex: number
  readonly bytes: number
}

export interface ListStateInspection {
  readonly name: string
  readonly mode: ListStateMode
  readonly types: readonly string[]
  readonly isDeclared: boolean
  /** Of all subtasks together. */
  readonly itemCount: number
  readonly bytes: number
}

export interface SnapshotDamage {
  readonly operatorId: string
  readonly subtaskIndex: number
  readonly message: string
  /** With file, block and offset. */
  readonly facts: Readonly<Record<string, unknown>>
}

export const damagesMax = 100

/**
 * What a snapshot holds, by operator. All of its blocks are read and verified, one at a time; damage is listed and the
 * rest is read on. Throws SnapshotError `STORAGE_FAILED`.
 */
export async function inspectSnapshot(
  storage: SnapshotStorage,
  { metadata, directory }: OpenedSnapshot,
): Promise<SnapshotInspection> {
  const readers = createBlockReaders(storage, directory)
  const damages: SnapshotDamage[] = []
  for (const operator of metadata.operators) await verifyOperator(operator, readers, damages)
  const operators = metadata.operators.map(inspectOperator)
  const { kind, checkpointId, timestampMs, jobId, jobName } = metadata
  const stateBytes = sum(operators, (operator) => operator.stateBytes)
  return { kind, checkpointId, timestampMs, jobId, jobName, directory, stateBytes, operators, damages }
}

async function verifyOperator(
  { operatorId, subtasks }: OperatorState,
  { readBlock, readItems }: BlockReaders,
  damages: SnapshotDamage[],
): Promise<void> {
  for (const [subtaskIndex, { keyed, lists }] of subtasks.entries()) {
    const verify = async (read: Promise<unknown>): Promise<void> => {
      try {
        await read
      } catch (error) {
        if (!(error instanceof SnapshotError) || error.code === 'STORAGE_FAILED') throw error
        if (damages.length < damagesMax) {
          damages.push({ operatorId, subtaskIndex, message: error.message, facts: error.facts })
        }
      }
    }
    for (const index of keyed?.keyGroups.keys() ?? []) await verify(readBlock(keyed!, index))
    for (const handle of lists) await verify(readItems({ handle, first: 0, step: 1 }))
  }
}

function inspectOperator(operator: OperatorState): OperatorInspection {
  const { operatorId, uid, name, parallelism, maxParallelism, coordinator, subtasks } = operator
  const keyGroups = subtasks.flatMap(({ keyed }, subtaskIndex) =>
    (keyed?.keyGroups ?? []).map(({ keyGroup, length }) => ({ keyGroup, subtaskIndex, bytes: length })),
  )
  const listStates = inspectLists(subtasks)
  const coordinatorBytes = coordinator?.length ?? 0
  return {
    operatorId,
    uid,
    name,
    parallelism,
    maxParallelism,
    finishedSubtaskCount: subtasks.filter(({ isFinished }) => isFinished).length,
    keyedStates: inspectKeyed(subtasks),
    keyGroups,
    listStates,
    coordinatorBytes,
    stateBytes: sum(keyGroups, ({ bytes }) => bytes) + sum(listStates, ({ bytes }) => bytes) + coordinatorBytes,
  }
}

function inspectKeyed(subtasks: readonly OperatorSubtaskState[]): readonly KeyedStateInspection[] {
  const byName = new Map<string, KeyedStateInspection>()
  for (const { keyed } of subtasks) {
    for (const [position, state] of keyed?.states.entries() ?? []) {
      const before = byName.get(state.name)
      byName.set(state.name, {
        name: state.name,
        kind: state.kind,
        types: withName(before?.types, typeName(state.type)),
        mapKeyTypes: state.mapKeyType === undefined ? [] : withName(before?.mapKeyTypes, typeName(state.mapKeyType)),
        isDeclared: state.isDeclared,
        hasTtl: state.hasTtl,
        keyCount: (before?.keyCount ?? 0) + sum(keyed!.keyGroups, ({ keyCounts }) => keyCounts[position]!),
      })
    }
  }
  return [...byName.values()]
}

function inspectLists(subtasks: readonly OperatorSubtaskState[]): readonly ListStateInspection[] {
  const byName = new Map<string, ListStateInspection>()
  for (const { name, mode, type, isDeclared, itemCount, block } of subtasks.flatMap(({ lists }) => lists)) {
    const before = byName.get(name)
    byName.set(name, {
      name,
      mode,
      types: withName(before?.types, typeName(type)),
      isDeclared,
      itemCount: (before?.itemCount ?? 0) + itemCount,
      bytes: (before?.bytes ?? 0) + block.length,
    })
  }
  return [...byName.values()]
}

function withName(names: readonly string[] = [], name: string): readonly string[] {
  return names.includes(name) ? names : [...names, name]
}

function sum<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((total, item) => total + numberOf(item), 0)
}
