const CAPACITY_MIN = 64
/**
 * A key whose place is not within so many slots of where it belongs goes to a Map. Of a table that is half full at most that
 * hardly happens, unless somebody chooses keys that share a hash: they shall not make it slow.
 */
const PROBES_MAX = 64
/** Of a longer key only so many characters at either end are hashed. */
const HASHED_CHARACTERS = 32

/**
 * Places of text keys: an open-addressing table, at most half full. Against a Map it takes a third of the time to fill,
 * since it can be made in the size that is wanted, and two thirds to find a key in (bench: W7, W2b).
 */
export class StringPlaces<Place> {
  #hashes: Int32Array = new Int32Array(CAPACITY_MIN)
  /** By slot; undefined where no key is, as are the places. */
  #keys: (string | undefined)[] = new Array(CAPACITY_MIN).fill(undefined)
  #places: (Place | undefined)[] = new Array(CAPACITY_MIN).fill(undefined)
  #mask = CAPACITY_MIN - 1
  #count = 0
  #expected = 0
  /** What did not find room near its slot. */
  readonly #others = new Map<string, Place>()

  get size(): number {
    return this.#count + this.#others.size
  }

  /** How many slots there are, for {@link visitSlot}. Changes with `put` and `remove`. */
  get slotCount(): number {
    return this.#keys.length
  }

  find(key: string): Place | undefined {
    const keys = this.#keys
    const hashes = this.#hashes
    const mask = this.#mask
    const hash = hashOf(key)
    let slot = spread(hash) & mask
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const found = keys[slot]
      if (found === undefined) break
      if (hashes[slot] === hash && found === key) return this.#places[slot]
      slot = (slot + 1) & mask
    }
    return this.#others.size === 0 ? undefined : this.#others.get(key)
  }

  /** Answers whether the key is new. It must not hold on to a segment. */
  put(key: string, place: Place): boolean {
    if (this.#count * 2 >= this.#keys.length) this.#grow()
    return this.#insert(key, hashOf(key), place)
  }

  /** There will be so many keys, if they are texts: the table makes room for them when it first grows. */
  expect(count: number): void {
    this.#expected = count
  }

  /** Those behind it that would not be found across the gap move up. */
  remove(key: string): void {
    let gap = this.#slotOf(key)
    if (gap < 0) {
      this.#others.delete(key)
      return
    }
    const keys = this.#keys
    const places = this.#places
    const hashes = this.#hashes
    const mask = this.#mask
    for (let slot = (gap + 1) & mask; keys[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = spread(hashes[slot]!) & mask
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      keys[gap] = keys[slot]
      places[gap] = places[slot]
      hashes[gap] = hashes[slot]!
      gap = slot
    }
    keys[gap] = undefined
    places[gap] = undefined
    this.#count--
    if (this.#count * 8 < keys.length && keys.length > CAPACITY_MIN) this.#resize(keys.length / 2)
  }

  clear(): void {
    this.#empty(CAPACITY_MIN)
    this.#others.clear()
  }

  /** All keys; none may be put or removed meanwhile. */
  forEach(visit: (key: string, place: Place) => void): void {
    const { length } = this.#keys
    for (let slot = 0; slot < length; slot++) this.visitSlot(slot, visit)
    for (const [key, place] of this.#others) visit(key, place)
  }

  /** Shows the key in a slot, if there is one. The visitor may remove it. Answers whether there was one. */
  visitSlot(slot: number, visit: (key: string, place: Place) => void): boolean {
    const key = this.#keys[slot]
    if (key === undefined) return false
    visit(key, this.#places[slot]!)
    return true
  }

  /** Those that are in no slot. */
  othersEntries(): IterableIterator<[string, Place]> {
    return this.#others.entries()
  }

  #slotOf(key: string): number {
    const hash = hashOf(key)
    let slot = spread(hash) & this.#mask
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const found = this.#keys[slot]
      if (found === undefined) return -1
      if (this.#hashes[slot] === hash && found === key) return slot
      slot = (slot + 1) & this.#mask
    }
    return -1
  }

  #insert(key: string, hash: number, place: Place): boolean {
    const keys = this.#keys
    const hashes = this.#hashes
    const mask = this.#mask
    const others = this.#others
    if (others.size > 0 && others.has(key)) {
      others.set(key, place)
      return false
    }
    let slot = spread(hash) & mask
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const found = keys[slot]
      if (found === undefined) {
        keys[slot] = key
        hashes[slot] = hash
        this.#places[slot] = place
        this.#count++
        return true
      }
      if (hashes[slot] === hash && found === key) {
        this.#places[slot] = place
        return false
      }
      slot = (slot + 1) & mask
    }
    others.set(key, place)
    return true
  }

  #grow(): void {
    let capacity = this.#keys.length * 2
    while (capacity < this.#expected * 2) capacity *= 2
    this.#expected = 0
    this.#resize(capacity)
  }

  #resize(capacity: number): void {
    const keys = this.#keys
    const places = this.#places
    const hashes = this.#hashes
    this.#empty(capacity)
    for (let slot = 0; slot < keys.length; slot++) {
      const key = keys[slot]
      if (key !== undefined) this.#insert(key, hashes[slot]!, places[slot]!)
    }
  }

  #empty(capacity: number): void {
    this.#hashes = new Int32Array(capacity)
    this.#keys = new Array(capacity).fill(undefined)
    this.#places = new Array(capacity).fill(undefined)
    this.#mask = capacity - 1
    this.#count = 0
  }
}

function hashOf(key: string): number {
  const { length } = key
  let hash = length
  if (length <= 2 * HASHED_CHARACTERS) {
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0
    return hash
  }
  for (let i = 0; i < HASHED_CHARACTERS; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0
  for (let i = length - HASHED_CHARACTERS; i < length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0
  return hash
}

/** Keys that end in numbers have hashes that are close to each other: this mixes their bits. */
function spread(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return h ^ (h >>> 15)
}
