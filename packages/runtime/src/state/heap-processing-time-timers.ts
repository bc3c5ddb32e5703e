import { keyOfCanonical } from '../keys/parse-canonical-key.ts'
import { detach } from '../record/detach-strings.ts'
import type { KeyGroupReader, KeyGroupsWriter } from '../snapshot/key-group-codec.ts'
import type { KeyedStateMeta } from '../snapshot/snapshot.ts'
import type { CurrentKey } from './current-key.ts'
import { KeyedPlaces } from './keyed-places.ts'
import type { ProcessingTimeTimers } from './keyed-state-backend.ts'
import { StateError } from './state-error.ts'
import type { KeyGroupVisitor } from './string-places.ts'
import { type Timer, TimerHeap } from './timer-heap.ts'

/** A key with more timers than these finds them by a map. */
const searchedMax = 16

interface TimersOfKey {
  readonly timers: Timer[]
}

/** Timers on the heap: a queue of all, and for each key those that it has. */
export class HeapProcessingTimeTimers implements ProcessingTimeTimers {
  readonly name: string
  readonly #current: CurrentKey
  readonly #heap = new TimerHeap()
  readonly #byKey = new KeyedPlaces<TimersOfKey | Map<number, Timer>>()
  #sequence = 0

  constructor(name: string, current: CurrentKey) {
    this.name = name
    this.#current = current
  }

  get size(): number {
    return this.#heap.size
  }

  register(timestampMs: number): void {
    if (!Number.isFinite(timestampMs)) {
      throw new StateError(
        'INVALID_TIMER',
        `Cannot register a timer for ${String(timestampMs)}: give a time in milliseconds since the epoch`,
        { timestampMs },
      )
    }
    this.#add(this.#current.canonical(), timestampMs)
  }

  delete(timestampMs: number): void {
    const key = this.#current.canonical()
    const timer = this.#find(this.#byKey.find(key), timestampMs)
    if (timer !== undefined) this.#remove(timer)
  }

  nextDueMs(): number {
    return this.#heap.peek()?.timestampMs ?? Infinity
  }

  takeDue(nowMs: number): number | undefined {
    const timer = this.#heap.peek()
    if (timer === undefined || timer.timestampMs > nowMs) return undefined
    this.#remove(timer)
    this.#current.setCanonical(timer.key)
    return timer.timestampMs
  }

  clear(): void {
    this.#heap.clear()
    this.#byKey.clear()
  }

  /** Each key with its timestamps, ascending. */
  snapshot(writer: KeyGroupsWriter, maxParallelism: number): KeyedStateMeta {
    writer.startState({ kind: 'timers', hasTtl: false })
    const visit: KeyGroupVisitor<TimersOfKey | Map<number, Timer>>['visit'] = (canonical, place, keyGroup) => {
      const timers = place instanceof Map ? [...place.values()] : place.timers
      writer.startKey(keyGroup, keyOfCanonical(canonical))
      writer.count(timers.length)
      if (timers.length === 1) writer.timestamp(timers[0]!.timestampMs)
      else for (const time of timers.map((timer) => timer.timestampMs).sort((a, b) => a - b)) writer.timestamp(time)
    }
    this.#byKey.forEachByKeyGroup(maxParallelism, { visit })
    return {
      name: this.name,
      kind: 'timers',
      type: { kind: 'double' },
      mapKeyType: undefined,
      isDeclared: true,
      hasTtl: false,
    }
  }

  /** Takes the next entry of the reader. False if one of the timers is there already. */
  read(reader: KeyGroupReader, canonical: unknown): boolean {
    const before = this.size
    for (let i = 0; i < reader.count; i++) this.#add(canonical, reader.timestamp())
    return this.size === before + reader.count
  }

  #add(key: unknown, timestampMs: number): void {
    const place = this.#byKey.find(key)
    if (this.#find(place, timestampMs) !== undefined) return
    const timer: Timer = {
      key: place === undefined ? detach(key) : this.#keyOf(place),
      timestampMs,
      sequence: this.#sequence++,
      index: -1,
    }
    this.#heap.add(timer)
    if (place === undefined) this.#byKey.putNew(timer.key, { timers: [timer] })
    else if (place instanceof Map) place.set(timestampMs, timer)
    else if (place.timers.length < searchedMax) place.timers.push(timer)
    else {
      const all = new Map(place.timers.map((each) => [each.timestampMs, each]))
      all.set(timestampMs, timer)
      this.#byKey.put(timer.key, all)
    }
  }

  /** All timers of a key share its text. None is without timers. */
  #keyOf(place: TimersOfKey | Map<number, Timer>): unknown {
    const first = place instanceof Map ? place.values().next().value : place.timers[0]
    return first!.key
  }

  #find(place: TimersOfKey | Map<number, Timer> | undefined, timestampMs: number): Timer | undefined {
    if (place === undefined) return undefined
    if (place instanceof Map) return place.get(timestampMs)
    for (const timer of place.timers) if (timer.timestampMs === timestampMs) return timer
    return undefined
  }

  #remove(timer: Timer): void {
    this.#heap.remove(timer)
    const place = this.#byKey.find(timer.key)!
    if (place instanceof Map) place.delete(timer.timestampMs)
    else place.timers.splice(place.timers.indexOf(timer), 1)
    if ((place instanceof Map ? place.size : place.timers.length) === 0) this.#byKey.remove(timer.key)
  }
}
