import { copyString } from '../record/detach-strings.ts'

/** V8 copies shorter substrings; a longer one would keep a whole segment's text alive. */
const PINNING_LENGTH_MIN = 13

/**
 * What a subtask keeps for each of its keys, on the heap: a place, found once a record, then read and written without
 * a second search. Keys are primitives; composite ones come as text (keys/canonical-key.ts). A key is copied out of
 * the segment that it came in.
 */
export class KeyedPlaces<Place> {
  readonly #places = new Map<unknown, Place>()
  readonly #create: () => Place

  constructor(create: () => Place) {
    this.#create = create
  }

  /** The place of `key`; made if it is new. */
  at(key: unknown): Place {
    const place = this.#places.get(key)
    return place === undefined ? this.#add(key) : place
  }

  #add(key: unknown): Place {
    const place = this.#create()
    const kept = typeof key === 'string' && key.length >= PINNING_LENGTH_MIN ? copyString(key) : key
    this.#places.set(kept, place)
    return place
  }
}
