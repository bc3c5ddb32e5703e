import { copyString } from '../record/detach-strings.ts'

/** V8 copies shorter substrings; a longer one would keep a whole segment's text alive. */
const PINNING_LENGTH_MIN = 13

const CAPACITY_MIN = 64
/** The largest array that V8 is sure to allocate in one go with quick elements; beyond it a Map does. */
const CAPACITY_MAX = 1 << 25

/**
 * What a subtask keeps for each of its keys, on the heap: a place, found once a record, then read and written without
 * a second search. Keys are primitives; composite ones come as text (keys/canonical-key.ts). A key is copied out of
 * the segment that it came in.
 *
 * Integer keys have an open-addressing table of their own, at most half full: a third of a Map's time (bench: W2).
 */
export class KeyedPlaces<Place> {
  readonly #create: () => Place
  readonly #others = new Map<unknown, Place>()
  #integers: Int32Array = new Int32Array(CAPACITY_MIN)
  /** By slot; a hole where no key is. */
  #integerPlaces: (Place | undefined)[] = new Array(CAPACITY_MIN).fill(undefined)
  #integerCount = 0
  #mask = CAPACITY_MIN - 1

  constructor(create: () => Place) {
    this.#create = create
  }

  /** The place of `key`; made if it is new. */
  at(key: unknown): Place {
    if (typeof key === 'number' && (key | 0) === key) return this.#atInteger(key | 0)
    const place = this.#others.get(key)
    return place === undefined ? this.#add(key) : place
  }

  #atInteger(key: number): Place {
    const places = this.#integerPlaces
    const integers = this.#integers
    const mask = this.#mask
    let slot = spread(key) & mask
    for (let place = places[slot]; place !== undefined; place = places[slot]) {
      if (integers[slot] === key) return place
      slot = (slot + 1) & mask
    }
    return this.#addInteger(key)
  }

  #add(key: unknown): Place {
    const place = this.#create()
    const kept = typeof key === 'string' && key.length >= PINNING_LENGTH_MIN ? copyString(key) : key
    this.#others.set(kept, place)
    return place
  }

  #addInteger(key: number): Place {
    if (this.#integerCount * 2 >= this.#integers.length) {
      if (this.#integers.length >= CAPACITY_MAX) return this.#others.get(key) ?? this.#add(key)
      this.#grow()
    }
    const place = this.#create()
    this.#put(key, place)
    this.#integerCount++
    return place
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
      if (place !== undefined) this.#put(keys[slot]!, place)
    }
  }

  #put(key: number, place: Place): void {
    let slot = spread(key) & this.#mask
    while (this.#integerPlaces[slot] !== undefined) slot = (slot + 1) & this.#mask
    this.#integers[slot] = key
    this.#integerPlaces[slot] = place
  }
}

/** Keys of one subtask share bits of their key group's hash, and often their low bits: this mixes all of them. */
function spread(key: number): number {
  const h = Math.imul(key ^ (key >>> 16), 0x45d9f3b)
  return h ^ (h >>> 15)
}
