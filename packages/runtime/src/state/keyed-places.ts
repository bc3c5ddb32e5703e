import { keyGroupOfCanonical } from '../keys/parse-canonical-key.ts'
import { detach } from '../record/detach-strings.ts'
import { type KeyGroupVisitor, StringPlaces } from './string-places.ts'

const CAPACITY_MIN = 64
/** Slots that a visit passes for each entry it wants: a table that was emptied has few entries. */
const SLOTS_PER_VISIT = 16

/**
 * What a subtask keeps for each of its keys, on the heap: a place, found once a record, then read and written without
 * a second search. Keys are primitives; composite ones come as text (keys/canonical-key.ts). A key is copied out of
 * the segment that it came in.
 *
 * Integer keys have an open-addressing table of their own, at most half full: a third of a Map's time (bench: W2). So have
 * texts; all others are in a Map.
 */
export class KeyedPlaces<Place> {
  readonly #strings = new StringPlaces<Place>()
  readonly #others = new Map<unknown, Place>()
  #integers: Int32Array = new Int32Array(CAPACITY_MIN)
  /** By slot; a hole where no key is. */
  #integerPlaces: (Place | undefined)[] = new Array(CAPACITY_MIN).fill(undefined)
  #integerCount = 0
  #mask = CAPACITY_MIN - 1
  /** Where the next visit goes on: a slot of the integers, then an entry of the texts, then the others. */
  #visitedSlot = 0
  #visitedString = 0
  #visitedOthers: Iterator<[unknown, Place]> | undefined

  get size(): number {
    return this.#integerCount + this.#strings.size + this.#others.size
  }

  find(key: unknown): Place | undefined {
    if (typeof key === 'number' && (key | 0) === key) return this.#findInteger(key | 0)
    if (typeof key === 'string') return this.#strings.find(key)
    return this.#others.get(key)
  }

  /** Gives `key` a place, or another one. */
  put(key: unknown, place: Place): void {
    if (typeof key === 'number' && (key | 0) === key) {
      this.#putInteger(key | 0, place)
      return
    }
    if (typeof key === 'string') {
      if (!this.#strings.replaceFound(key, place)) this.#strings.put(detach(key), place)
    } else this.#others.set(key, place)
  }

  /** Gives a key a place that has none; false if it has one. The key holds on to no segment. */
  putNew(key: unknown, place: Place): boolean {
    const before = this.size
    if (typeof key === 'string') return this.#strings.put(key, place)
    if (typeof key === 'number' && (key | 0) === key) this.#putInteger(key | 0, place)
    else this.#others.set(key, place)
    return this.size !== before
  }

  remove(key: unknown): void {
    if (typeof key === 'number' && (key | 0) === key) this.#removeInteger(key | 0)
    else if (typeof key === 'string') this.#strings.remove(key)
    else this.#others.delete(key)
  }

  /** There will be so many keys: as many of them as are texts get room at once. */
  expect(count: number): void {
    this.#strings.expect(count)
  }

  clear(): void {
    this.#strings.clear()
    this.#others.clear()
    this.#integers = new Int32Array(CAPACITY_MIN)
    this.#integerPlaces = new Array(CAPACITY_MIN).fill(undefined)
    this.#integerCount = 0
    this.#mask = CAPACITY_MIN - 1
    this.#visitedSlot = 0
    this.#visitedString = 0
    this.#visitedOthers = undefined
  }

  /** All keys; none may be put or removed meanwhile. */
  forEach(visit: (key: string | number | boolean | bigint, place: Place) => void): void {
    const { length } = this.#integers
    for (let slot = 0; slot < length; slot++) {
      const place = this.#integerPlaces[slot]
      if (place !== undefined) visit(this.#integers[slot]!, place)
    }
    this.#strings.forEach(visit)
    for (const [key, place] of this.#others) visit(key as boolean, place)
  }

  /** The same with the key group of each; always with the same number of them. */
  forEachByKeyGroup(maxParallelism: number, visitor: KeyGroupVisitor<Place>): void {
    const keyGroupOf = (key: unknown): number => keyGroupOfCanonical(key, maxParallelism)
    const { length } = this.#integers
    for (let slot = 0; slot < length; slot++) {
      const place = this.#integerPlaces[slot]
      if (place !== undefined) visitor.visit(this.#integers[slot]!, place, keyGroupOf(this.#integers[slot]!))
    }
    this.#strings.forEachByKeyGroup(keyGroupOf, visitor)
    for (const [key, place] of this.#others) visitor.visit(key as boolean, place, keyGroupOf(key))
  }

  /** Some keys, from where the last call stopped, and around again. The visitor may remove the key it sees. */
  visitSome(count: number, visit: (key: unknown, place: Place) => void): void {
    let left = Math.min(count, this.size)
    let slotsLeft = left * SLOTS_PER_VISIT
    while (left > 0 && slotsLeft > 0) {
      if (this.#visitedSlot < this.#integers.length && this.#integerCount > 0) {
        const slot = this.#visitedSlot++
        slotsLeft--
        const place = this.#integerPlaces[slot]
        if (place === undefined) continue
        left--
        visit(this.#integers[slot]!, place)
        continue
      }
      if (this.#visitedString < this.#strings.entryCount) {
        left--
        this.#strings.visitEntry(this.#visitedString++, visit)
        continue
      }
      this.#visitedOthers ??= this.#remaining()
      const next = this.#visitedOthers.next()
      if (next.done) {
        this.#visitedSlot = 0
        this.#visitedString = 0
        this.#visitedOthers = undefined
        slotsLeft--
        continue
      }
      left--
      visit(next.value[0], next.value[1])
    }
  }

  *#remaining(): Generator<[unknown, Place], void, undefined> {
    yield* this.#strings.othersEntries()
    yield* this.#others
  }

  #findInteger(key: number): Place | undefined {
    const places = this.#integerPlaces
    const integers = this.#integers
    const mask = this.#mask
    let slot = spread(key) & mask
    let place = places[slot]
    while (place !== undefined && integers[slot] !== key) {
      slot = (slot + 1) & mask
      place = places[slot]
    }
    return place
  }

  #putInteger(key: number, place: Place): void {
    if (this.#integerCount * 2 >= this.#integers.length) this.#resize(this.#integers.length * 2)
    if (this.#insert(key, place)) this.#integerCount++
  }

  /** Those behind it that would not be found across the gap move up. */
  #removeInteger(key: number): void {
    const places = this.#integerPlaces
    const integers = this.#integers
    const mask = this.#mask
    let gap = spread(key) & mask
    while (places[gap] !== undefined && integers[gap] !== key) gap = (gap + 1) & mask
    if (places[gap] === undefined) return
    for (let slot = (gap + 1) & mask; places[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = spread(integers[slot]!) & mask
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      integers[gap] = integers[slot]!
      places[gap] = places[slot]
      gap = slot
    }
    places[gap] = undefined
    this.#integerCount--
    if (this.#integerCount * 8 < integers.length && integers.length > CAPACITY_MIN) this.#resize(integers.length / 2)
  }

  #resize(capacity: number): void {
    const keys = this.#integers
    const places = this.#integerPlaces
    this.#integers = new Int32Array(capacity)
    this.#integerPlaces = new Array(capacity).fill(undefined)
    this.#mask = capacity - 1
    for (let slot = 0; slot < keys.length; slot++) {
      const place = places[slot]
      if (place !== undefined) this.#insert(keys[slot]!, place)
    }
  }

  /** Answers whether the key is new. */
  #insert(key: number, place: Place): boolean {
    const places = this.#integerPlaces
    let slot = spread(key) & this.#mask
    while (places[slot] !== undefined && this.#integers[slot] !== key) slot = (slot + 1) & this.#mask
    const isNew = places[slot] === undefined
    this.#integers[slot] = key
    places[slot] = place
    return isNew
  }
}

/** Keys of one subtask share bits of their key group's hash, and often their low bits: this mixes all of them. */
function spread(key: number): number {
  const h = Math.imul(key ^ (key >>> 16), 0x45d9f3b)
  return h ^ (h >>> 15)
}
