/** The place of one key's value. Found once a record, then read and written without a second search. */
export interface KeyedValue<V> {
  /** Undefined until it is set for the first time. */
  value: V | undefined
}

/**
 * The values of the keys of one subtask, on the heap. Keys are primitives; composite ones come as canonical strings
 * (keys/canonical-key.ts).
 */
export class KeyedValues<V> {
  readonly #places = new Map<unknown, KeyedValue<V>>()

  /** The place of `key`; made if it is new. */
  at(key: unknown): KeyedValue<V> {
    let place = this.#places.get(key)
    if (place === undefined) {
      place = { value: undefined }
      this.#places.set(key, place)
    }
    return place
  }
}
