const CAPACITY_MIN = 64
/**
 * A key whose place is not within so many slots of where it belongs goes to a Map. Of a table that is half full at most that
 * hardly happens, unless somebody chooses keys that share a hash: they shall not make it slow.
 */
const PROBES_MAX = 64
/** Of a longer key only so many characters at either end are hashed. */
const HASHED_CHARACTERS = 32
/** No key group has this number: there are 32768 at most. */
const UNKNOWN = 0xffff

/**
 * Sees all keys with their key groups. An object, not a function: the engine gives up the loop that it compiled when the next
 * snapshot comes with another closure (bench: W8).
 */
export interface KeyGroupVisitor<Place> {
  visit(key: string | number | boolean | bigint, place: Place, keyGroup: number): void
}

/**
 * Places of text keys: an open-addressing table, at most half full, of references to entries that lie in the order in which
 * they came. Against a Map it takes a third of the time to fill, since it can be made in the size that is wanted, and two
 * thirds to find a key in (bench: W7, W2b). To visit all in the order in which they were allocated costs half of what it does
 * in the order of their hashes (bench: W8).
 */
export class StringPlaces<Place> {
  /** By slot: the hash of a key, and then where its entry is, plus one; zero where no key is. */
  #table: Int32Array = new Int32Array(CAPACITY_MIN * 2)
  #mask = CAPACITY_MIN - 1
  /** Key, place, key, place. */
  #entries: (string | Place)[] = []
  #expected = 0
  /** By entry, as far as they were asked for: that of a key takes as long to compute as to write the key (bench: W8). */
  #keyGroups: Uint16Array = new Uint16Array(0)
  /** What did not find room near its slot. */
  readonly #others = new Map<string, Place>()

  get size(): number {
    return this.entryCount + this.#others.size
  }

  get slotCount(): number {
    return this.#mask + 1
  }

  /** How many entries there are, for {@link visitEntry}. */
  get entryCount(): number {
    return this.#entries.length / 2
  }

  find(key: string): Place | undefined {
    const table = this.#table
    const entries = this.#entries
    const mask = this.#mask
    const hash = hashOf(key)
    let slot = spread(hash) & mask
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = table[slot * 2 + 1]! - 1
      if (entry < 0) break
      if (table[slot * 2] === hash && entries[entry * 2] === key) return entries[entry * 2 + 1] as Place
      slot = (slot + 1) & mask
    }
    return this.#others.size === 0 ? undefined : this.#others.get(key)
  }

  /** Answers whether the key is new. It must not hold on to a segment. */
  put(key: string, place: Place): boolean {
    if (this.entryCount * 2 > this.#mask) this.#grow()
    const others = this.#others
    if (others.size > 0 && others.has(key)) {
      others.set(key, place)
      return false
    }
    const table = this.#table
    const entries = this.#entries
    const mask = this.#mask
    const hash = hashOf(key)
    let slot = spread(hash) & mask
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = table[slot * 2 + 1]! - 1
      if (entry < 0) {
        table[slot * 2] = hash
        table[slot * 2 + 1] = this.entryCount + 1
        entries.push(key, place)
        return true
      }
      if (table[slot * 2] === hash && entries[entry * 2] === key) {
        entries[entry * 2 + 1] = place
        return false
      }
      slot = (slot + 1) & mask
    }
    others.set(key, place)
    return true
  }

  /** There will be so many keys, if they are texts: the table makes room for them when it first grows. */
  expect(count: number): void {
    this.#expected = count
  }

  remove(key: string): void {
    const slot = this.#slotOf(key)
    if (slot < 0) {
      this.#others.delete(key)
      return
    }
    const entry = this.#table[slot * 2 + 1]! - 1
    this.#closeGap(slot)
    this.#removeEntry(entry)
    if (this.entryCount * 8 <= this.#mask && this.#mask >= CAPACITY_MIN) this.#resize((this.#mask + 1) / 2)
  }

  clear(): void {
    this.#entries = []
    this.#others.clear()
    this.#table = new Int32Array(CAPACITY_MIN * 2)
    this.#mask = CAPACITY_MIN - 1
    this.#keyGroups = new Uint16Array(0)
  }

  /** All keys; none may be put or removed meanwhile. */
  forEach(visit: (key: string, place: Place) => void): void {
    const { entryCount } = this
    for (let entry = 0; entry < entryCount; entry++) this.visitEntry(entry, visit)
    for (const [key, place] of this.#others) visit(key, place)
  }

  /** The same with the key group of each, always by the same function. */
  forEachByKeyGroup(keyGroupOf: (key: string) => number, visitor: KeyGroupVisitor<Place>): void {
    this.#findKeyGroups(keyGroupOf)
    const { entryCount } = this
    const keyGroups = this.#keyGroups
    const entries = this.#entries
    for (let entry = 0; entry < entryCount; entry++) {
      visitor.visit(entries[entry * 2] as string, entries[entry * 2 + 1] as Place, keyGroups[entry]!)
    }
    for (const [key, place] of this.#others) visitor.visit(key, place, keyGroupOf(key))
  }

  #findKeyGroups(keyGroupOf: (key: string) => number): void {
    const { entryCount } = this
    if (entryCount > this.#keyGroups.length) this.#makeRoomForKeyGroups(entryCount)
    const keyGroups = this.#keyGroups
    const entries = this.#entries
    for (let entry = 0; entry < entryCount; entry++) {
      if (keyGroups[entry] === UNKNOWN) keyGroups[entry] = keyGroupOf(entries[entry * 2] as string)
    }
  }

  #makeRoomForKeyGroups(entryCount: number): void {
    const grown = new Uint16Array(Math.ceil(entryCount * 1.25)).fill(UNKNOWN)
    grown.set(this.#keyGroups)
    this.#keyGroups = grown
  }

  /** The visitor may remove the key; the last entry then takes its place. */
  visitEntry(entry: number, visit: (key: string, place: Place) => void): void {
    visit(this.#entries[entry * 2] as string, this.#entries[entry * 2 + 1] as Place)
  }

  /** Those that are in no slot. */
  othersEntries(): IterableIterator<[string, Place]> {
    return this.#others.entries()
  }

  #slotOf(key: string): number {
    const hash = hashOf(key)
    let slot = spread(hash) & this.#mask
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = this.#table[slot * 2 + 1]! - 1
      if (entry < 0) return -1
      if (this.#table[slot * 2] === hash && this.#entries[entry * 2] === key) return slot
      slot = (slot + 1) & this.#mask
    }
    return -1
  }

  /** Those behind a slot that would not be found across the gap move up. */
  #closeGap(from: number): void {
    const table = this.#table
    const mask = this.#mask
    let gap = from
    for (let slot = (gap + 1) & mask; table[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const home = spread(table[slot * 2]!) & mask
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      table[gap * 2] = table[slot * 2]!
      table[gap * 2 + 1] = table[slot * 2 + 1]!
      gap = slot
    }
    table[gap * 2] = 0
    table[gap * 2 + 1] = 0
  }

  /** The last entry takes the place of this one. */
  #removeEntry(entry: number): void {
    const entries = this.#entries
    const last = this.entryCount - 1
    if (entry !== last) {
      const key = entries[last * 2] as string
      this.#table[this.#slotOf(key) * 2 + 1] = entry + 1
      entries[entry * 2] = key
      entries[entry * 2 + 1] = entries[last * 2 + 1]!
    }
    entries.length = last * 2
    const keyGroups = this.#keyGroups
    if (entry < keyGroups.length) keyGroups[entry] = keyGroups[last] ?? UNKNOWN
    if (last < keyGroups.length) keyGroups[last] = UNKNOWN
  }

  #grow(): void {
    let capacity = (this.#mask + 1) * 2
    while (capacity < this.#expected * 2) capacity *= 2
    this.#expected = 0
    this.#resize(capacity)
  }

  /** Looks at no key: their hashes are in the table. A larger table may have room for all, a smaller one too. */
  #resize(capacity: number): void {
    const before = this.#table
    const table = new Int32Array(capacity * 2)
    const mask = capacity - 1
    const homeless: number[] = []
    for (let at = 0; at < before.length; at += 2) {
      if (before[at + 1] === 0) continue
      let slot = spread(before[at]!) & mask
      let probes = 0
      while (table[slot * 2 + 1] !== 0 && ++probes < PROBES_MAX) slot = (slot + 1) & mask
      if (probes >= PROBES_MAX) {
        homeless.push(before[at + 1]! - 1)
        continue
      }
      table[slot * 2] = before[at]!
      table[slot * 2 + 1] = before[at + 1]!
    }
    this.#table = table
    this.#mask = mask
    // From the last one on, so that the entry that takes the place of one has a slot.
    for (const entry of homeless.sort((a, b) => b - a)) {
      this.#others.set(this.#entries[entry * 2] as string, this.#entries[entry * 2 + 1] as Place)
      this.#removeEntry(entry)
    }
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
