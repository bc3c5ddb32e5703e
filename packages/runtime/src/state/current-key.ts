import { canonicalKey } from '../keys/canonical-key.ts'
import { keyOfCanonical } from '../keys/parse-canonical-key.ts'
import { StateError } from './state-error.ts'

const NO_KEY = Symbol('no key')

/** The key that the states of an operator refer to, shared by all of them. */
export class CurrentKey {
  readonly #operatorName: string
  #canonical: unknown = NO_KEY
  #original: unknown = undefined
  /** Another number whenever another key becomes current: what was found for the last one no longer counts. */
  version = 0

  constructor(operatorName: string) {
    this.#operatorName = operatorName
  }

  /** `key` as the key selector answered it. */
  set(key: unknown): void {
    const canonical = canonicalKey(key)
    this.#original = key
    if (canonical === this.#canonical) return
    this.#canonical = canonical
    this.version++
  }

  setCanonical(canonical: unknown): void {
    this.#canonical = canonical
    this.#original = keyOfCanonical(canonical)
    this.version++
  }

  clear(): void {
    this.#canonical = NO_KEY
    this.#original = undefined
    this.version++
  }

  /** In the form in which keys are compared. Throws StateError `NO_CURRENT_KEY`. */
  canonical(): unknown {
    if (this.#canonical === NO_KEY) {
      throw new StateError(
        'NO_CURRENT_KEY',
        `Cannot use keyed state of "${this.#operatorName}" here: no key is current. Use it while a record or a timer is processed.`,
        { operator: this.#operatorName },
      )
    }
    return this.#canonical
  }

  original(): unknown {
    this.canonical()
    return this.#original
  }
}
