import { detach } from '../record/detach-strings.ts'

const CAPACITY_MIN = 64

/**
 * What a subtask keeps for each of its keys, on the heap: a place, found once a record, then read and written without
 * a second search. Keys are primitives; composite ones come as text (keys/canonical-key.ts). A key is copied out of
 * the segment that it came in.
 *
 * Integer keys have an open-addressing table of their own, at most half full: a third of a Map's time (bench: W2).
 */
export class KeyedPlaces<Place> {
  readonly #others = new Map<unknown, Place>()
  #integers: Int32Array = new Int32Array(CAPACITY_MIN)
  /** By slot; a hole where no key is. */
  #integerPlaces: (Place | undefined)[] = new Array(CAPACITY_MIN).fill(undefined)
  #integerCount = 0
  #mask = CAPACITY_MIN - 1

  find(key: unknown): Place | undefined {
    if (typeof key === 'number' && (key | 0) === key) return this.#findInteger(key | 0)
    return this.#others.get(key)
  }

  /** Gives `key` a place, or another one. */
  put(key: unknown, place: Place): void {
    if (typeof key === 'number' && (key | 0) === key) {
      this.#putInteger(key | 0, place)
      return
    }
    this.#others.set(detach(key), place)
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
    if (this.#integerCount * 2 >= this.#integers.length) this.#grow()
    if (this.#insert(key, place)) this.#integerCount++
  }

  #grow(): void {
    const keys = this.#integers
    const places = this.#integerPlaces
    const capacity = keys.length * 2
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
