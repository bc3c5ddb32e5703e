import { assert } from '../base/assert.ts'
import { canonicalKey } from '../keys/canonical-key.ts'
import { GeneralDecoder } from '../record/general-decoder.ts'
import { GeneralEncoder } from '../record/general-encoder.ts'
import type { TypeDescription } from '../record/type-description.ts'
import type { TypeRegistry } from '../record/type-registry.ts'
import { ValueCopier } from '../record/value-copier.ts'
import type { ListShare, ListStateMode } from '../snapshot/snapshot.ts'
import { SnapshotError } from '../snapshot/snapshot-error.ts'
import type { ListStateBytes } from '../snapshot/state-bytes.ts'
import { InferredType, joinRestoredTypes } from './inferred-type.ts'
import type { OperatorStateBackend, ReadListItems } from './operator-state-backend.ts'
import type { BroadcastState, OperatorListState } from './state.ts'
import type { ListStateDescriptor, MapStateDescriptor, StateDescriptor } from './state-descriptor.ts'
import { StateError } from './state-error.ts'
import { valueMigration } from './value-migration.ts'

export interface HeapOperatorStateBackendOptions {
  readonly operatorName: string
  readonly registry: TypeRegistry | undefined
  /** Union state that nobody asks for any more is kept by the first subtask only: each has all of it. */
  readonly subtaskIndex?: number
}

interface ListItems {
  readonly mode: ListStateMode
  items: unknown[]
  /** Of the items; undefined while it is inferred. */
  type: TypeDescription | undefined
  isDeclared: boolean
  /** What the function uses; undefined while it is only restored. */
  state: HeapOperatorListState<unknown> | HeapBroadcastState<unknown, unknown> | undefined
}

/** Operator state on the heap. */
export class HeapOperatorStateBackend implements OperatorStateBackend {
  readonly #operatorName: string
  readonly #registry: TypeRegistry | undefined
  readonly #subtaskIndex: number
  readonly #copier: ValueCopier
  readonly #lists = new Map<string, ListItems>()

  constructor({ operatorName, registry, subtaskIndex = 0 }: HeapOperatorStateBackendOptions) {
    this.#operatorName = operatorName
    this.#registry = registry
    this.#subtaskIndex = subtaskIndex
    const attempt = (): string => `Cannot keep a value in the state of operator "${operatorName}"`
    this.#copier = new ValueCopier({ registry, attempt })
  }

  listState<T>(descriptor: ListStateDescriptor<T>): OperatorListState<T> {
    return this.#listOf(descriptor, 'split')
  }

  unionListState<T>(descriptor: ListStateDescriptor<T>): OperatorListState<T> {
    return this.#listOf(descriptor, 'union')
  }

  broadcastState<K, V>(descriptor: MapStateDescriptor<K, V>): BroadcastState<K, V> {
    const { keyType, type } = descriptor
    const pair: TypeDescription | undefined =
      keyType === undefined && type === undefined
        ? undefined
        : { kind: 'tuple', items: [descriptionOrGeneric(keyType), descriptionOrGeneric(type)] }
    const list = this.#declared(descriptor, 'broadcast', pair)
    list.state ??= new HeapBroadcastState<unknown, unknown>(this.#copier, list.items as [unknown, unknown][])
    return list.state as BroadcastState<K, V>
  }

  async restore(shares: readonly ListShare[], read: ReadListItems): Promise<void> {
    const decoder = new GeneralDecoder(this.#registry)
    for (const share of shares) {
      const { name, mode, type, isDeclared } = share.handle
      const list = this.#list(name, mode, 'in the snapshot')
      assert(list.state === undefined, () => `state "${name}" was asked for before it was restored`)
      list.isDeclared = isDeclared && (list.type === undefined || list.isDeclared)
      list.type = list.type === undefined ? type : joinRestoredTypes(list.type, type)
      for (const bytes of await read(share)) {
        const item = decoder.decode(bytes)
        if (mode === 'broadcast' && !(Array.isArray(item) && item.length === 2)) {
          throw new SnapshotError(
            'SNAPSHOT_CORRUPT',
            `Cannot restore broadcast state "${name}" of operator "${this.#operatorName}": an item is no pair of key and value`,
            { state: name, operator: this.#operatorName },
          )
        }
        list.items.push(item)
      }
    }
  }

  snapshot(): readonly ListStateBytes[] {
    const bytes: ListStateBytes[] = []
    for (const [name, list] of this.#lists) {
      if (list.mode === 'union' && list.state === undefined && this.#subtaskIndex !== 0) continue
      const items = list.state?.items() ?? list.items
      if (items.length === 0) continue
      const attempt = (): string => `Cannot take a snapshot of state "${name}" of operator "${this.#operatorName}"`
      const encoder = new GeneralEncoder({ registry: this.#registry, attempt })
      const inferred = new InferredType()
      const encoded: Uint8Array[] = []
      for (const item of items) {
        if (list.type === undefined && inferred.wantsMore) inferred.add(item)
        // Not `slice`: of a Buffer that is no copy.
        encoded.push(new Uint8Array(encoder.encode(item)))
      }
      const type = list.type ?? inferred.type
      bytes.push({ name, mode: list.mode, type, isDeclared: list.isDeclared, items: encoded })
    }
    return bytes
  }

  #listOf<T>(descriptor: ListStateDescriptor<T>, mode: ListStateMode): OperatorListState<T> {
    const list = this.#declared(descriptor, mode, descriptor.type as TypeDescription | undefined)
    list.state ??= new HeapOperatorListState<unknown>(this.#copier, list.items)
    return list.state as OperatorListState<T>
  }

  /** The list of a descriptor, with what was restored brought to its type. */
  #declared(descriptor: StateDescriptor<unknown>, mode: ListStateMode, type: TypeDescription | undefined): ListItems {
    const { name, fieldDefaults, migrate } = descriptor
    if (descriptor.ttl !== undefined) {
      throw new StateError(
        'INVALID_DESCRIPTOR',
        `Cannot keep operator state "${name}" of "${this.#operatorName}" with a time to live: only keyed state has one`,
        { state: name, operator: this.#operatorName },
      )
    }
    const list = this.#list(name, mode, 'here')
    if (list.state !== undefined) return list
    if (type !== undefined && list.type !== undefined && list.items.length > 0) {
      const [from, isFromDeclared] = [list.type, list.isDeclared]
      const change = {
        state: name,
        operator: this.#operatorName,
        from,
        isFromDeclared,
        to: type,
        fieldDefaults,
        migrate,
      }
      const migration = valueMigration(mode === 'broadcast' ? ofPairs(change) : change, this.#registry)
      if (migration !== undefined) list.items = list.items.map(migration)
    }
    list.type = type
    list.isDeclared = type !== undefined
    return list
  }

  #list(name: string, mode: ListStateMode, where: string): ListItems {
    let list = this.#lists.get(name)
    if (list === undefined) {
      list = { mode, items: [], type: undefined, isDeclared: false, state: undefined }
      this.#lists.set(name, list)
    }
    if (list.mode === mode) return list
    throw new StateError(
      'STATE_KIND_CHANGED',
      `Cannot use state "${name}" of operator "${this.#operatorName}" as ${mode} state: ${where} it is ${mode} state, and it is ${list.mode} state already. Choose another name.`,
      { state: name, operator: this.#operatorName, mode, before: list.mode },
    )
  }
}

/** A descriptor's `migrate` and `fieldDefaults` are about the values of the map. */
function ofPairs<C extends { readonly migrate: ((old: unknown) => unknown) | undefined }>(change: C): C {
  const { migrate } = change
  if (migrate === undefined) return change
  return {
    ...change,
    migrate: (old: unknown) => [(old as [unknown, unknown])[0], migrate((old as [unknown, unknown])[1])],
  }
}

function descriptionOrGeneric(type: unknown): TypeDescription {
  return (type as TypeDescription | undefined) ?? { kind: 'generic' }
}

class HeapOperatorListState<T> implements OperatorListState<T> {
  readonly #copier: ValueCopier
  #values: T[]

  constructor(copier: ValueCopier, values: T[]) {
    this.#copier = copier
    this.#values = values
  }

  items(): readonly T[] {
    return this.#values
  }

  get(): T[] {
    return this.#values.map((value) => this.#copier.copyOut(value))
  }

  add(value: T): void {
    this.#values.push(this.#copier.copyIn(value))
  }

  addAll(values: Iterable<T>): void {
    for (const value of this.#copies(values)) this.#values.push(value)
  }

  update(values: Iterable<T>): void {
    this.#values = this.#copies(values)
  }

  clear(): void {
    this.#values = []
  }

  #copies(values: Iterable<T>): T[] {
    return Array.from(values, (value) => this.#copier.copyIn(value))
  }
}

class HeapBroadcastState<K, V> implements BroadcastState<K, V> {
  readonly #copier: ValueCopier
  /** By the canonical form of the key, in order of insertion. */
  readonly #pairs = new Map<unknown, readonly [K, V]>()

  constructor(copier: ValueCopier, pairs: readonly (readonly [K, V])[]) {
    this.#copier = copier
    for (const pair of pairs) this.#pairs.set(canonicalKey(pair[0]), pair)
  }

  items(): readonly (readonly [K, V])[] {
    return [...this.#pairs.values()]
  }

  get(key: K): V | undefined {
    return this.#copier.copyOut(this.#pairs.get(canonicalKey(key))?.[1])
  }

  contains(key: K): boolean {
    return this.#pairs.has(canonicalKey(key))
  }

  *entries(): Generator<[K, V], undefined, undefined> {
    for (const [key, value] of this.#pairs.values()) yield [this.#copier.copyOut(key), this.#copier.copyOut(value)]
    return undefined
  }

  put(key: K, value: V): void {
    const pair = [this.#copier.copyIn(key), this.#copier.copyIn(value)] as const
    this.#pairs.set(canonicalKey(pair[0]), pair)
  }

  putAll(entries: Iterable<readonly [K, V]>): void {
    for (const [key, value] of entries) this.put(key, value)
  }

  remove(key: K): void {
    this.#pairs.delete(canonicalKey(key))
  }

  clear(): void {
    this.#pairs.clear()
  }
}
