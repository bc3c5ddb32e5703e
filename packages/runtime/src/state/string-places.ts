import { PackedText } from './packed-text.ts'

const CAPACITY_MIN = 64
/**
 * A key whose place is not within so many slots of where it belongs goes to a Map. Of a table that is half full at most that
 * hardly happens, unless somebody chooses keys that share a hash: they shall not make it slow.
 */
const PROBES_MAX = 64
/** No key group has this number: there are 32768 at most. */
const UNKNOWN = 0xffff
/** In front of a text: which entry it belongs to, and its length. */
const TEXT_HEADER_WORDS = 2
/** Stands for the length of a text that is not packed. */
const NOT_PACKED = -1
const TEXT_WORDS_MIN = 256
/** So many places are looked up before they are visited: their memory accesses then do not wait for one another (bench: W7). */
const GATHERED = 64

/**
 * Sees all keys with their key groups. An object, not a function: the engine gives up the loop that it compiled when the next
 * snapshot comes with another closure (bench: W8).
 */
export interface KeyGroupVisitor<Place> {
  visit(key: string | number | boolean | bigint, place: Place, keyGroup: number): void
}

/**
 * Places of text keys: an open-addressing table, at most half full, of places by slot, and entries in the order in which they
 * came. Against a Map it takes a third of the time to fill, since it can be made in the size that is wanted (bench: W7, W2b). To
 * visit all in the order in which they were allocated costs half of what it does in the order of their hashes (bench: W8).
 *
 * Where there are more keys than a processor caches, what counts is how many memory accesses wait for one another. A key is
 * compared with a packed copy of it, not with the string, and a place lies beside its slot: so a place is reached in two
 * (bench: string-places.bench.ts, W6).
 */
export class StringPlaces<Place> {
  /** By slot: the hash of a key, and then where its text is, plus one; zero where no key is. */
  #table: Int32Array = new Int32Array(CAPACITY_MIN * 2)
  #mask = CAPACITY_MIN - 1
  /** By slot. */
  #places: (Place | undefined)[] = new Array(CAPACITY_MIN).fill(undefined)
  /** By entry. */
  #keys: string[] = []
  /** By entry: its slot. */
  #slots: Int32Array = new Int32Array(CAPACITY_MIN / 2)
  /** Texts with their headers; those of removed keys among them until they are half of all. */
  #texts: Int32Array = new Int32Array(TEXT_WORDS_MIN)
  #textsEnd = 0
  #removedTextWords = 0
  readonly #packed = new PackedText()
  #expected = 0
  /** By entry, as far as they were asked for: that of a key takes as long to compute as to write the key (bench: W8). */
  #keyGroups: Uint16Array = new Uint16Array(0)
  /** What did not find room near its slot. */
  readonly #others = new Map<string, Place>()
  /** What was found last, as long as it is there; else the slot is -1. */
  #foundKey = ''
  #foundSlot = -1

  get size(): number {
    return this.#keys.length + this.#others.size
  }

  get slotCount(): number {
    return this.#mask + 1
  }

  /** How many entries there are, for {@link visitEntry}. */
  get entryCount(): number {
    return this.#keys.length
  }

  find(key: string): Place | undefined {
    const slot = this.#slotOf(key, this.#packed.pack(key))
    if (slot < 0) return this.#others.size === 0 ? undefined : this.#others.get(key)
    this.#foundKey = key
    this.#foundSlot = slot
    return this.#places[slot]
  }

  /** Gives the key that was found last another place, without a search; false if it is not `key`. */
  replaceFound(key: string, place: Place): boolean {
    if (this.#foundSlot < 0 || key !== this.#foundKey) return false
    this.#places[this.#foundSlot] = place
    return true
  }

  /** Answers whether the key is new. It must not hold on to a segment. */
  put(key: string, place: Place): boolean {
    if (this.entryCount * 2 > this.#mask) this.#grow()
    const others = this.#others
    if (others.size > 0 && others.has(key)) {
      others.set(key, place)
      return false
    }
    const hash = this.#packed.pack(key)
    const slot = this.#slotOf(key, hash)
    if (slot >= 0) {
      this.#places[slot] = place
      return false
    }
    const free = freeSlot(this.#table, this.#mask, hash)
    if (free < 0) others.set(key, place)
    else this.#insert(free, hash, key, place)
    return true
  }

  /** There will be so many keys, if they are texts: the table makes room for them when it first grows. */
  expect(count: number): void {
    this.#expected = count
  }

  remove(key: string): void {
    const slot = this.#slotOf(key, this.#packed.pack(key))
    if (slot < 0) {
      this.#others.delete(key)
      return
    }
    this.#removeSlot(slot)
    if (this.entryCount * 8 <= this.#mask && this.#mask >= CAPACITY_MIN) this.#resize((this.#mask + 1) / 2)
    if (this.#removedTextWords * 2 > this.#textsEnd && this.#textsEnd > TEXT_WORDS_MIN) this.#closeUpTexts()
  }

  clear(): void {
    this.#table = new Int32Array(CAPACITY_MIN * 2)
    this.#mask = CAPACITY_MIN - 1
    this.#places = new Array(CAPACITY_MIN).fill(undefined)
    this.#keys = []
    this.#slots = new Int32Array(CAPACITY_MIN / 2)
    this.#texts = new Int32Array(TEXT_WORDS_MIN)
    this.#textsEnd = 0
    this.#removedTextWords = 0
    this.#others.clear()
    this.#keyGroups = new Uint16Array(0)
    this.#foundSlot = -1
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
    const keys = this.#keys
    const slots = this.#slots
    const places = this.#places
    const visited: (Place | undefined)[] = new Array(GATHERED).fill(undefined)
    for (let start = 0; start < entryCount; start += GATHERED) {
      const end = Math.min(start + GATHERED, entryCount)
      for (let entry = start; entry < end; entry++) visited[entry - start] = places[slots[entry]!]
      for (let entry = start; entry < end; entry++) {
        visitor.visit(keys[entry]!, visited[entry - start] as Place, keyGroups[entry]!)
      }
    }
    for (const [key, place] of this.#others) visitor.visit(key, place, keyGroupOf(key))
  }

  #findKeyGroups(keyGroupOf: (key: string) => number): void {
    const { entryCount } = this
    if (entryCount > this.#keyGroups.length) this.#makeRoomForKeyGroups(entryCount)
    const keyGroups = this.#keyGroups
    const keys = this.#keys
    for (let entry = 0; entry < entryCount; entry++) {
      if (keyGroups[entry] === UNKNOWN) keyGroups[entry] = keyGroupOf(keys[entry]!)
    }
  }

  #makeRoomForKeyGroups(entryCount: number): void {
    const grown = new Uint16Array(Math.ceil(entryCount * 1.25)).fill(UNKNOWN)
    grown.set(this.#keyGroups)
    this.#keyGroups = grown
  }

  /** The visitor may remove the key; the last entry then takes its place. */
  visitEntry(entry: number, visit: (key: string, place: Place) => void): void {
    visit(this.#keys[entry]!, this.#places[this.#slots[entry]!] as Place)
  }

  /** Those that are in no slot. */
  othersEntries(): IterableIterator<[string, Place]> {
    return this.#others.entries()
  }

  /** The slot of the key that was just packed; -1 if it is in none. */
  #slotOf(key: string, hash: number): number {
    const table = this.#table
    const mask = this.#mask
    let slot = homeOf(hash) & mask
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const at = table[slot * 2 + 1]! - 1
      if (at < 0) return -1
      if (table[slot * 2] === hash && this.#isTextAt(at, key)) return slot
      slot = (slot + 1) & mask
    }
    return -1
  }

  #isTextAt(at: number, key: string): boolean {
    const texts = this.#texts
    const { words, wordCount } = this.#packed
    if (wordCount < 0) return texts[at + 1] === NOT_PACKED && this.#keys[texts[at]!] === key
    if (texts[at + 1] !== key.length) return false
    for (let i = 0; i < wordCount; i++) if (texts[at + TEXT_HEADER_WORDS + i] !== words[i]) return false
    return true
  }

  /** The key that was just packed, as the last entry. */
  #insert(slot: number, hash: number, key: string, place: Place): void {
    const entry = this.#keys.push(key) - 1
    if (entry >= this.#slots.length) this.#slots = enlarged(this.#slots, this.#slots.length * 2)
    this.#slots[entry] = slot
    this.#places[slot] = place
    this.#table[slot * 2] = hash
    this.#table[slot * 2 + 1] = this.#appendText(entry, key) + 1
  }

  /** Answers where it begins. */
  #appendText(entry: number, key: string): number {
    const { words, wordCount } = this.#packed
    const at = this.#textsEnd
    this.#textsEnd = at + TEXT_HEADER_WORDS + Math.max(wordCount, 0)
    if (this.#textsEnd > this.#texts.length) this.#texts = enlarged(this.#texts, this.#textsEnd * 2)
    const texts = this.#texts
    texts[at] = entry
    texts[at + 1] = wordCount < 0 ? NOT_PACKED : key.length
    for (let i = 0; i < wordCount; i++) texts[at + TEXT_HEADER_WORDS + i] = words[i]!
    return at
  }

  #removeSlot(slot: number): void {
    this.#foundSlot = -1
    const at = this.#table[slot * 2 + 1]! - 1
    const entry = this.#texts[at]!
    this.#removedTextWords += textWords(this.#texts, at)
    this.#closeGap(slot)
    this.#removeEntry(entry)
  }

  /** Those behind a slot that would not be found across the gap move up. */
  #closeGap(from: number): void {
    const table = this.#table
    const places = this.#places
    const mask = this.#mask
    let gap = from
    for (let slot = (gap + 1) & mask; table[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const home = homeOf(table[slot * 2]!) & mask
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      table[gap * 2] = table[slot * 2]!
      table[gap * 2 + 1] = table[slot * 2 + 1]!
      places[gap] = places[slot]
      this.#slots[this.#texts[table[gap * 2 + 1]! - 1]!] = gap
      gap = slot
    }
    table[gap * 2] = 0
    table[gap * 2 + 1] = 0
    places[gap] = undefined
  }

  /** The last entry takes the place of this one, which is in no slot any more. */
  #removeEntry(entry: number): void {
    const keys = this.#keys
    const last = keys.length - 1
    if (entry !== last) {
      const slot = this.#slots[last]!
      keys[entry] = keys[last]!
      this.#slots[entry] = slot
      this.#texts[this.#table[slot * 2 + 1]! - 1] = entry
    }
    keys.length = last
    const keyGroups = this.#keyGroups
    if (entry < keyGroups.length) keyGroups[entry] = keyGroups[last] ?? UNKNOWN
    if (last < keyGroups.length) keyGroups[last] = UNKNOWN
  }

  #grow(): void {
    let capacity = (this.#mask + 1) * 2
    while (capacity < this.#expected * 2) capacity *= 2
    if (this.#expected > this.#slots.length) this.#slots = enlarged(this.#slots, this.#expected)
    this.#expected = 0
    this.#resize(capacity)
  }

  /** Looks at no key: their hashes are in the table. A larger table may have room for all, a smaller one too. */
  #resize(capacity: number): void {
    const { entryCount } = this
    const before = this.#table
    const placesBefore = this.#places
    const table = new Int32Array(capacity * 2)
    const places: (Place | undefined)[] = new Array(capacity).fill(undefined)
    const mask = capacity - 1
    const homeless: number[] = []
    for (let entry = 0; entry < entryCount; entry++) {
      const from = this.#slots[entry]!
      const to = freeSlot(table, mask, before[from * 2]!)
      if (to < 0) {
        homeless.push(entry)
        this.#others.set(this.#keys[entry]!, placesBefore[from] as Place)
        this.#removedTextWords += textWords(this.#texts, before[from * 2 + 1]! - 1)
        continue
      }
      table[to * 2] = before[from * 2]!
      table[to * 2 + 1] = before[from * 2 + 1]!
      places[to] = placesBefore[from]
      this.#slots[entry] = to
    }
    this.#table = table
    this.#places = places
    this.#mask = mask
    this.#foundSlot = -1
    // At most so many entries before it grows.
    if (this.#slots.length > capacity) this.#slots = this.#slots.slice(0, capacity)
    // From the last one on, so that the entry that takes the place of one has a slot.
    for (const entry of homeless.reverse()) this.#removeEntry(entry)
  }

  /** Lets go of the texts of removed keys. */
  #closeUpTexts(): void {
    const before = this.#texts
    const texts = new Int32Array(Math.max(TEXT_WORDS_MIN, (this.#textsEnd - this.#removedTextWords) * 2))
    let end = 0
    for (let entry = 0; entry < this.entryCount; entry++) {
      const slot = this.#slots[entry]!
      const at = this.#table[slot * 2 + 1]! - 1
      const words = textWords(before, at)
      for (let i = 0; i < words; i++) texts[end + i] = before[at + i]!
      this.#table[slot * 2 + 1] = end + 1
      end += words
    }
    this.#texts = texts
    this.#textsEnd = end
    this.#removedTextWords = 0
  }
}

/** The first free slot for a key with this hash; -1 if there is none near. */
function freeSlot(table: Int32Array, mask: number, hash: number): number {
  let slot = homeOf(hash) & mask
  for (let probes = 0; probes < PROBES_MAX; probes++) {
    if (table[slot * 2 + 1] === 0) return slot
    slot = (slot + 1) & mask
  }
  return -1
}

function textWords(texts: Int32Array, at: number): number {
  return TEXT_HEADER_WORDS + Math.ceil(Math.max(texts[at + 1]!, 0) / PackedText.charactersPerWord)
}

function enlarged(array: Int32Array, length: number): Int32Array {
  const grown = new Int32Array(length)
  grown.set(array)
  return grown
}

/** Keys that end in numbers have hashes that are close to each other: this mixes their bits. */
function homeOf(hash: number): number {
  const h = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return h ^ (h >>> 15)
}
