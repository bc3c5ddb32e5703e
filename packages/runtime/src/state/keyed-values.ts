import { copyString } from '../record/detach-strings.ts'

/** V8 cuts shorter substrings by copying them; a longer one may keep a whole segment's text alive. */
const PINNING_LENGTH_MIN = 13

/** The place of one key's value. Found once a record, then read and written without a second search. */
export interface KeyedValue<V> {
  /** Undefined until it is set for the first time. */
  value: V | undefined
}

/**
 * The values of the keys of one subtask, on the heap. Keys are primitives; composite ones come as canonical strings
 * (keys/canonical-key.ts). A key is copied out of the segment that it came in.
 */
export class KeyedValues<V> {
  readonly #places = new Map<unknown, KeyedValue<V>>()

  /** The place of `key`; made if it is new. */
  at(key: unknown): KeyedValue<V> {
    const place = this.#places.get(key)
    return place === undefined ? this.#add(key) : place
  }

  #add(key: unknown): KeyedValue<V> {
    const place: KeyedValue<V> = { value: undefined }
    const kept = typeof key === 'string' && key.length >= PINNING_LENGTH_MIN ? copyString(key) : key
    this.#places.set(kept, place)
    return place
  }
}
