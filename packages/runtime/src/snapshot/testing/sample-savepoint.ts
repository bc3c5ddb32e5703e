import { keyGroupOf } from '../../keys/key-group.ts'
import { keyGroupRangeForSubtask } from '../../keys/key-group-range.ts'
import { GeneralEncoder } from '../../record/general-encoder.ts'
import type { TypeRegistry } from '../../record/type-registry.ts'
import { ValueTag } from '../../record/value-tag.ts'
import { KeyGroupsWriter } from '../key-group-codec.ts'
import type { ValueWriter } from '../key-group-output.ts'
import { publishMetadata } from '../open-snapshot.ts'
import type { KeyedStateMeta, OperatorState, OperatorSubtaskState, SnapshotMetadata } from '../snapshot.ts'
import type { SnapshotStorage } from '../snapshot-storage.ts'
import { writeSubtaskSnapshot } from '../snapshot-writer.ts'
import type { KeyedStateBytes, ListStateBytes } from '../state-bytes.ts'

/** The whole state of a sample job, whatever its parallelism. */
export interface SampleState {
  /** By key, in the order in which they came. */
  readonly counts: ReadonlyMap<unknown, unknown>
  readonly visits: ReadonlyMap<unknown, ReadonlyMap<unknown, unknown>>
  readonly timers: ReadonlyMap<unknown, readonly number[]>
  /** Items of an operator state. */
  readonly splits: readonly unknown[]
  readonly rules: readonly unknown[]
}

export const sampleMaxParallelism = 32

const keyedStates: readonly KeyedStateMeta[] = [
  { name: 'count', kind: 'value', type: { kind: 'generic' }, mapKeyType: undefined, isDeclared: false, hasTtl: false },
  {
    name: 'visits',
    kind: 'map',
    type: { kind: 'generic' },
    mapKeyType: { kind: 'string' },
    isDeclared: true,
    hasTtl: true,
  },
  { name: 'timers', kind: 'timers', type: { kind: 'double' }, mapKeyType: undefined, isDeclared: true, hasTtl: false },
]

/** Writes a savepoint as the subtasks of a job would: two operators, the second keyed. */
export async function writeSampleSavepoint(
  state: SampleState,
  parts: {
    readonly parallelism: number
    readonly storage: SnapshotStorage
    readonly directory: string
    readonly inlineBytesMax?: number
    readonly registry?: TypeRegistry
  },
): Promise<SnapshotMetadata> {
  const { parallelism, storage, directory, inlineBytesMax = 0, registry } = parts
  const subtasks: (readonly OperatorSubtaskState[])[] = []
  for (let index = 0; index < parallelism; index++) {
    const keyed = sampleKeyed(state, keyGroupRangeForSubtask(index, sampleMaxParallelism, parallelism), registry)
    const lists = sampleLists(state, index, parallelism)
    const operators = [
      { keyed: undefined, lists },
      { keyed, lists: [] },
    ]
    const fileName = `sample-${index}-1`
    const snapshot = await writeSubtaskSnapshot({ operators, directory, fileName, inlineBytesMax, storage })
    subtasks.push(snapshot.operators)
  }
  const operator = (position: number, uid: string | undefined): OperatorState => ({
    operatorId: String(position + 1).repeat(32),
    uid,
    name: `operator ${position}`,
    parallelism,
    maxParallelism: sampleMaxParallelism,
    coordinator: position === 0 ? Uint8Array.of(1, 2, 3) : undefined,
    subtasks: subtasks.map((operators) => operators[position]!),
  })
  const metadata: SnapshotMetadata = {
    kind: 'savepoint',
    checkpointId: 1,
    timestampMs: 1_790_000_000_000,
    jobId: '0123456789abcdef'.repeat(2),
    jobName: 'sample',
    operators: [operator(0, undefined), operator(1, 'counts')],
  }
  await publishMetadata(storage, directory, metadata)
  return metadata
}

function sampleKeyed(
  { counts, visits, timers }: SampleState,
  range: { readonly start: number; readonly end: number },
  registry: TypeRegistry | undefined,
): KeyedStateBytes {
  const writer = new KeyGroupsWriter(range.start, { registry })
  const write = <V>(state: number, entries: ReadonlyMap<unknown, V>, writeEntry: (value: V) => void) => {
    writer.startState(keyedStates[state]!)
    for (const [key, value] of entries) {
      const keyGroup = keyGroupOf(key, sampleMaxParallelism)
      if (keyGroup < range.start || keyGroup > range.end) continue
      writer.startKey(keyGroup, key)
      writeEntry(value)
    }
  }
  const shaped = shapedValues()
  write(0, counts, (value) => (isPlainObject(value) ? writer.valueBy(shaped, value, 0) : writer.value(value, 0)))
  write(1, visits, (map) => {
    writer.count(map.size)
    for (const [mapKey, value] of map) {
      writer.mapKey(mapKey)
      writer.value(value, 1000)
    }
  })
  write(2, timers, (timestamps) => {
    writer.count(timestamps.length)
    for (const timestamp of timestamps) writer.timestamp(timestamp)
  })
  return { states: keyedStates, keyGroups: writer.finish() }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Writes objects as shapes, and texts that are their key as such. */
function shapedValues(): ValueWriter<object> {
  const shapes = new Map<string, readonly string[]>()
  return {
    write(value, to) {
      const names = Object.keys(value)
      const shape = shapes.get(names.join()) ?? names
      shapes.set(names.join(), shape)
      const number = to.shapeNumber(shape)
      if (number < 0) to.defineShape(shape, names)
      else {
        to.out.byte(ValueTag.shaped)
        to.out.count(number)
      }
      for (const field of Object.values(value) as unknown[]) {
        if (typeof field === 'string' && field === to.key) to.out.byte(ValueTag.entryKey)
        else to.encoder.encodeTo(to.out, field)
      }
    },
  }
}

function sampleLists({ splits, rules }: SampleState, index: number, parallelism: number): readonly ListStateBytes[] {
  const encode = (items: readonly unknown[]) => items.map((item) => new GeneralEncoder().encode(item).slice())
  const list = (name: string, mode: ListStateBytes['mode'], items: readonly unknown[]): ListStateBytes => {
    return { name, mode, type: { kind: 'generic' }, isDeclared: false, items: encode(items) }
  }
  const ours = splits.filter((_, i) => i % parallelism === index)
  return [
    ...(ours.length > 0 ? [list('splits', 'split', ours)] : []),
    ...(rules.length > 0 ? [list('rules', 'broadcast', rules)] : []),
  ]
}
