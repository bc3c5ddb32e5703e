import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { KeyGroupRange } from '../keys/key-group-range.ts'
import type { TypeDescription } from '../record/type-description.ts'
import type { TypeInformation } from '../record/type-information.ts'
import type { TypeRegistry } from '../record/type-registry.ts'
import { ValueCopier } from '../record/value-copier.ts'
import { BlockMemory } from '../snapshot/block-memory.ts'
import { KeyGroupReader, KeyGroupsWriter } from '../snapshot/key-group-codec.ts'
import type { KeyedStateHandle, KeyedStateKind, KeyedStateMeta } from '../snapshot/snapshot.ts'
import type { KeyedStateBytes } from '../snapshot/state-bytes.ts'
import { AccumulatorPlaces } from './accumulator-places.ts'
import { CurrentKey } from './current-key.ts'
import {
  HeapAggregatingState,
  HeapListState,
  HeapMapState,
  HeapReducingState,
  HeapValueState,
} from './heap-keyed-states.ts'
import { HeapProcessingTimeTimers } from './heap-processing-time-timers.ts'
import { joinRestoredTypes } from './inferred-type.ts'
import { KeyGroupRestore } from './key-group-restore.ts'
import type { KeyedPlaces } from './keyed-places.ts'
import type { KeyedStateBackend, ProcessingTimeTimers, ReadStateBlock, RecordState } from './keyed-state-backend.ts'
import type { KeyedTable } from './keyed-table.ts'
import { ListTable } from './list-table.ts'
import { MapTable } from './map-table.ts'
import { type AggregatedField, type RecordPlace, RecordShapes } from './record-shapes.ts'
import { RecordTable } from './record-table.ts'
import type { AggregatingState, ListState, MapState, ReducingState, ValueState } from './state.ts'
import type {
  AggregatingStateDescriptor,
  ListStateDescriptor,
  MapStateDescriptor,
  ReducingStateDescriptor,
  StateDescriptor,
  ValueStateDescriptor,
} from './state-descriptor.ts'
import { StateError } from './state-error.ts'
import { StateTtl } from './state-ttl.ts'
import { ValueEvolution } from './type-evolution.ts'
import { typeChanged, valueMigration } from './value-migration.ts'

/** Keys that are read in between two pauses: about a millisecond of work. */
const keysPerPause = 2_000
const processingTimeTimersName = '_timer_state/processing_user-timers'

export interface HeapKeyedStateBackendOptions {
  readonly operatorName: string
  readonly keyGroupRange: KeyGroupRange
  readonly maxParallelism: number
  readonly registry: TypeRegistry | undefined
  readonly clock: Clock
}

type Table = RecordTable | ListTable | MapTable

/** What one name stands for. */
interface Registered {
  readonly kind: KeyedStateKind
  readonly state: unknown
}

/** Keeps state on the heap: one table a state, for all key groups of the subtask. */
export class HeapKeyedStateBackend implements KeyedStateBackend {
  readonly #operatorName: string
  readonly #range: KeyGroupRange
  readonly #maxParallelism: number
  readonly #registry: TypeRegistry | undefined
  readonly #clock: Clock
  readonly #current: CurrentKey
  readonly #copier: ValueCopier
  /** For records of our own operators, and for what is added to accumulators: what no snapshot could take is kept as it is. */
  readonly #lenientCopier: ValueCopier
  readonly #tables = new Map<string, Table>()
  readonly #timers = new Map<string, HeapProcessingTimeTimers>()
  readonly #registered = new Map<string, Registered>()
  readonly #memory = new BlockMemory()
  #cleanedForEachRecord: Table[] = []
  /** What is being kept or written now, for messages. */
  #attemptedState = ''

  constructor(options: HeapKeyedStateBackendOptions) {
    this.#operatorName = options.operatorName
    this.#range = options.keyGroupRange
    this.#maxParallelism = options.maxParallelism
    this.#registry = options.registry
    this.#clock = options.clock
    this.#current = new CurrentKey(options.operatorName)
    const attempt = (): string => `Cannot keep a value in the state of operator "${this.#operatorName}"`
    this.#copier = new ValueCopier({ registry: options.registry, attempt })
    this.#lenientCopier = new ValueCopier({ registry: options.registry, keepsForeign: true })
    this.#timers.set(processingTimeTimersName, new HeapProcessingTimeTimers(processingTimeTimersName, this.#current))
  }

  get processingTimeTimers(): ProcessingTimeTimers {
    return this.#timers.get(processingTimeTimersName)!
  }

  setCurrentKey(key: unknown): void {
    this.#current.set(key)
    for (const table of this.#cleanedForEachRecord) table.cleanForRecord()
  }

  currentKey(): unknown {
    return this.#current.original()
  }

  clearCurrentKey(): void {
    this.#current.clear()
  }

  valueState<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return this.#register('value', descriptor, () => {
      const table = this.#declare(this.#recordTable(descriptor.name, 'value'), descriptor)
      return new HeapValueState<T>(table, this.#copier, descriptor.defaultValue)
    })
  }

  listState<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return this.#register('list', descriptor, () => {
      const table = this.#table(descriptor.name, () => new ListTable(descriptor.name, this.#current, this.#copier))
      return new HeapListState<T>(this.#declare(table, descriptor))
    })
  }

  mapState<UK, UV>(descriptor: MapStateDescriptor<UK, UV>): MapState<UK, UV> {
    return this.#register('map', descriptor, () => {
      const table = this.#table(descriptor.name, () => new MapTable(descriptor.name, this.#current, this.#copier))
      this.#checkMapKeys(table, descriptor.keyType)
      return new HeapMapState<UK, UV>(this.#declare(table, descriptor, descriptor.keyType), this.#copier)
    })
  }

  reducingState<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return this.#register('reducing', descriptor, () => {
      const table = this.#declare(this.#recordTable(descriptor.name, 'reducing'), descriptor)
      return new HeapReducingState<T>(table, descriptor.reduce)
    })
  }

  aggregatingState<IN, ACC, OUT>(descriptor: AggregatingStateDescriptor<IN, ACC, OUT>): AggregatingState<IN, OUT> {
    return this.#register('aggregating', descriptor, () => {
      const table = this.#declare(this.#recordTable(descriptor.name, 'aggregating'), descriptor)
      return new HeapAggregatingState<IN, ACC, OUT>(table, this.#lenientCopier, descriptor.aggregate)
    })
  }

  recordState(name: string, aggregated: AggregatedField | undefined): RecordState {
    return this.#register('value', { name }, () => {
      const shapes = new RecordShapes(aggregated, { copier: this.#lenientCopier })
      assert(
        !this.#tables.has(name),
        () => `State "${name}" of "${this.#operatorName}" was restored before it was declared`,
      )
      const table = new RecordTable(name, 'value', this.#current, { makerOf: () => shapes, keepsIntegers: false })
      this.#tables.set(name, table)
      return { places: table.places as KeyedPlaces<RecordPlace>, shapes }
    })
  }

  async restore(handles: readonly KeyedStateHandle[], read: ReadStateBlock, pause: () => Promise<void>): Promise<void> {
    const nowMs = this.#clock.now()
    const reader = new KeyGroupReader(this.#registry)
    let keyCount = 0
    for (const handle of handles) {
      const tables = handle.states.map((meta, i) =>
        this.#expect(
          meta,
          handle.keyGroups.some((each) => each.keyCounts[i]! > 0),
          nowMs,
        ),
      )
      for (const [i, table] of tables.entries()) {
        // An entry has two bytes at least: more than that no damaged number makes us allocate.
        const counts = handle.keyGroups.map(({ keyCounts, length }) => Math.min(keyCounts[i]!, length / 2))
        if (!(table instanceof HeapProcessingTimeTimers)) table.expectEntries(counts.reduce((a, b) => a + b, 0))
      }
      for (const [index, { keyGroup }] of handle.keyGroups.entries()) {
        assert(
          keyGroup >= this.#range.start && keyGroup <= this.#range.end,
          () => `"${this.#operatorName}" was given key group ${keyGroup}, which is not among its own`,
        )
        const bytes = await read(handle, index)
        const block = new KeyGroupRestore(this.#operatorName, this.#maxParallelism, handle, index)
        block.start(reader, bytes)
        while (block.readKey(reader, tables)) if (++keyCount % keysPerPause === 0) await pause()
      }
    }
  }

  snapshot(): KeyedStateBytes | undefined {
    const attempt = (): string =>
      `Cannot take a snapshot of state "${this.#attemptedState}" of operator "${this.#operatorName}"`
    const keyGroupCount = this.#range.end - this.#range.start + 1
    const bytesExpected = [...this.#tables.values()].reduce((sum, table) => sum + table.expectedBytes, 0)
    const writer = new KeyGroupsWriter(this.#range.start, {
      registry: this.#registry,
      attempt,
      bytesPerKeyGroup: bytesExpected / keyGroupCount,
      memory: this.#memory,
    })
    const states: KeyedStateMeta[] = []
    for (const table of this.#tables.values()) {
      this.#attemptedState = table.name
      states.push(table.snapshot(writer, this.#maxParallelism, keyGroupCount))
    }
    for (const timers of this.#timers.values()) {
      if (timers.size > 0) states.push(timers.snapshot(writer, this.#maxParallelism))
    }
    const keyGroups = writer.finish()
    return keyGroups.length === 0 ? undefined : { states, keyGroups, release: () => writer.release() }
  }

  dispose(): void {
    for (const table of this.#tables.values()) table.clear()
    for (const timers of this.#timers.values()) timers.clear()
  }

  /** The state of that name, made at the first call. */
  #register<S>(kind: KeyedStateKind, { name }: { readonly name: string }, make: () => S): S {
    const restored = this.#tables.get(name)?.kind ?? (this.#timers.has(name) ? 'timers' : undefined)
    const existing = this.#registered.get(name)
    const before = existing?.kind ?? restored
    if (before !== undefined && before !== kind) {
      throw new StateError(
        'STATE_KIND_CHANGED',
        `Cannot use state "${name}" of operator "${this.#operatorName}" as ${kind} state: it is ${before} state${existing === undefined ? ' in the snapshot' : ''}. Choose another name.`,
        { state: name, operator: this.#operatorName, kind, before },
      )
    }
    if (existing !== undefined) return existing.state as S
    const state = make()
    this.#registered.set(name, { kind, state })
    return state
  }

  #table<T extends Table>(name: string, make: () => T): T {
    const existing = this.#tables.get(name)
    if (existing !== undefined) return existing as T
    const table = make()
    this.#tables.set(name, table)
    return table
  }

  #recordTable(name: string, kind: 'value' | 'reducing' | 'aggregating'): RecordTable {
    const makerOf = (isTimed: boolean): RecordShapes | AccumulatorPlaces =>
      kind === 'aggregating'
        ? new AccumulatorPlaces(isTimed)
        : new RecordShapes(undefined, { copier: this.#copier, isTimed })
    return this.#table(name, () => new RecordTable(name, kind, this.#current, { makerOf, keepsIntegers: true }))
  }

  /** Brings what was restored to what the descriptor says. */
  #declare<T extends Table>(table: T, descriptor: StateDescriptor<unknown>, mapKeyType?: TypeInformation<unknown>): T {
    const type = descriptor.type as TypeDescription | undefined
    const from = table.restoredType
    if (type !== undefined && from !== undefined && table.places.size > 0) {
      const { fieldDefaults, migrate } = descriptor
      const { isDeclared: isFromDeclared } = table
      const change = {
        state: table.name,
        operator: this.#operatorName,
        from,
        isFromDeclared,
        to: type,
        fieldDefaults,
        migrate,
      }
      const migration = valueMigration(change, this.#registry)
      if (migration !== undefined) table.migrate(migration)
    }
    const ttl = StateTtl.of(descriptor.ttl, this.#clock)
    table.declare({ type, mapKeyType: mapKeyType as TypeDescription | undefined, ttl })
    if (table.cleansForEveryRecord) this.#cleanedForEachRecord = [...this.#cleanedForEachRecord, table]
    return table
  }

  #checkMapKeys(table: MapTable, keyType: TypeInformation<unknown> | undefined): void {
    if (keyType === undefined || table.restoredMapKeyType === undefined) return
    const to = keyType as TypeDescription
    const keys = new ValueEvolution(to, undefined, this.#registry)
    if (table.everyMapKey((key) => keys.isOfType(key))) return
    throw typeChanged({
      state: table.name,
      operator: this.#operatorName,
      from: { kind: 'map', key: table.restoredMapKeyType, value: table.restoredType! },
      isFromDeclared: table.isDeclared,
      to: { kind: 'map', key: to, value: table.restoredType! },
      fieldDefaults: undefined,
      migrate: undefined,
    })
  }

  /** The table or timers for a state that a handle has. */
  #expect(meta: KeyedStateMeta, hasKeys: boolean, nowMs: number): Table | HeapProcessingTimeTimers {
    const { name, kind } = meta
    const before = this.#tables.get(name)?.kind ?? (this.#timers.has(name) ? 'timers' : kind)
    if (before !== kind) {
      throw new StateError(
        'STATE_KIND_CHANGED',
        `Cannot restore state "${name}" of operator "${this.#operatorName}": it is ${kind} state in the snapshot, and ${before} state now`,
        { state: name, operator: this.#operatorName, kind, before },
      )
    }
    if (kind === 'timers') {
      const timers = this.#timers.get(name) ?? new HeapProcessingTimeTimers(name, this.#current)
      this.#timers.set(name, timers)
      return timers
    }
    const table = this.#tableOf(name, kind)
    if (hasKeys && !this.#registered.has(name)) (table as KeyedTable<unknown>).expect(meta, nowMs, joinRestoredTypes)
    return table
  }

  #tableOf(name: string, kind: Exclude<KeyedStateKind, 'timers'>): Table {
    switch (kind) {
      case 'list':
        return this.#table(name, () => new ListTable(name, this.#current, this.#copier))
      case 'map':
        return this.#table(name, () => new MapTable(name, this.#current, this.#copier))
      default:
        return this.#recordTable(name, kind)
    }
  }
}
