import type { ValueCopier } from '../record/value-copier.ts'
import type { ListTable } from './list-table.ts'
import type { MapTable } from './map-table.ts'
import type { RecordTable } from './record-table.ts'
import type { AggregateFunction, AggregatingState, ListState, MapState, ReducingState, ValueState } from './state.ts'
import { StateError } from './state-error.ts'

// What user functions see of the tables: each for whatever key is current.

export class HeapValueState<T> implements ValueState<T> {
  readonly #table: RecordTable
  readonly #copier: ValueCopier
  readonly #defaultValue: T | undefined

  constructor(table: RecordTable, copier: ValueCopier, defaultValue: T | undefined) {
    this.#table = table
    this.#copier = copier
    this.#defaultValue = copier.copyIn(defaultValue)
  }

  value(): T | undefined {
    const value = this.#table.load()
    return (value === undefined ? this.#copier.copyOut(this.#defaultValue) : value) as T | undefined
  }

  update(value: T | undefined): void {
    if (value === undefined) this.#table.clearKey()
    else this.#table.store(value)
  }

  clear(): void {
    this.#table.clearKey()
  }
}

export class HeapReducingState<T> implements ReducingState<T> {
  readonly #table: RecordTable
  readonly #reduce: (a: T, b: T) => T

  constructor(table: RecordTable, reduce: (a: T, b: T) => T) {
    this.#table = table
    this.#reduce = reduce
  }

  get(): T | undefined {
    return this.#table.load() as T | undefined
  }

  add(value: T): void {
    const before = this.#table.loadToUpdate() as T | undefined
    const reduced = before === undefined ? value : this.#reduce(before, value)
    if (reduced === undefined || reduced instanceof Promise)
      throw invalidValue(this.#table.name, before === undefined ? 'the value to add' : 'what reduce returned', reduced)
    this.#table.store(reduced)
  }

  clear(): void {
    this.#table.clearKey()
  }
}

export class HeapAggregatingState<IN, ACC, OUT> implements AggregatingState<IN, OUT> {
  readonly #table: RecordTable
  readonly #copier: ValueCopier
  readonly #aggregate: AggregateFunction<IN, ACC, OUT>

  constructor(table: RecordTable, copier: ValueCopier, aggregate: AggregateFunction<IN, ACC, OUT>) {
    this.#table = table
    this.#copier = copier
    this.#aggregate = aggregate
  }

  get(): OUT | undefined {
    const accumulator = this.#table.load()
    if (accumulator === undefined) return undefined
    // The result may be a part of the accumulator.
    return this.#copier.copyOut(this.#aggregate.getResult(accumulator as ACC))
  }

  add(value: IN): void {
    // Both may be held by someone else: a value by the next operator, an accumulator by a function that always answers
    // the same one.
    const before =
      (this.#table.loadToUpdate() as ACC | undefined) ?? this.#copier.copyIn(this.#aggregate.createAccumulator())
    const accumulator = this.#aggregate.add(this.#copier.copyIn(value), before)
    if (accumulator === undefined || accumulator instanceof Promise)
      throw invalidValue(this.#table.name, 'the accumulator that add returned', accumulator)
    this.#table.store(accumulator)
  }

  clear(): void {
    this.#table.clearKey()
  }
}

export class HeapListState<T> implements ListState<T> {
  readonly #table: ListTable

  constructor(table: ListTable) {
    this.#table = table
  }

  get(): T[] {
    return this.#table.load() as T[]
  }

  add(value: T): void {
    if (value === undefined) throw invalidValue(this.#table.name, 'the value to add', value)
    this.#table.append([value])
  }

  addAll(values: Iterable<T>): void {
    this.#table.append(values)
  }

  update(values: Iterable<T>): void {
    this.#table.replace(values)
  }

  clear(): void {
    this.#table.clearKey()
  }
}

export class HeapMapState<UK, UV> implements MapState<UK, UV> {
  readonly #table: MapTable
  readonly #copier: ValueCopier

  constructor(table: MapTable, copier: ValueCopier) {
    this.#table = table
    this.#copier = copier
  }

  get(key: UK): UV | undefined {
    return this.#copier.copyOut(this.#table.cell(key)?.value) as UV | undefined
  }

  put(key: UK, value: UV): void {
    this.#table.set(key, value)
  }

  putAll(entries: Iterable<readonly [UK, UV]>): void {
    for (const [key, value] of entries) this.#table.set(key, value)
  }

  remove(key: UK): void {
    this.#table.delete(key)
  }

  contains(key: UK): boolean {
    return this.#table.cell(key) !== undefined
  }

  *entries(): Generator<[UK, UV], undefined, undefined> {
    for (const { key, value } of this.#table.cells())
      yield [this.#copier.copyOut(key) as UK, this.#copier.copyOut(value) as UV]
    return undefined
  }

  *keys(): Generator<UK, undefined, undefined> {
    for (const { key } of this.#table.cells()) yield this.#copier.copyOut(key) as UK
    return undefined
  }

  *values(): Generator<UV, undefined, undefined> {
    for (const { value } of this.#table.cells()) yield this.#copier.copyOut(value) as UV
    return undefined
  }

  isEmpty(): boolean {
    return this.#table.isEmpty()
  }

  clear(): void {
    this.#table.clearKey()
  }
}

function invalidValue(state: string, what: string, value: unknown): StateError {
  const shown = value === undefined ? 'undefined' : 'a promise'
  return new StateError('INVALID_VALUE', `Cannot add to state "${state}": ${what} is ${shown}`, { state })
}
