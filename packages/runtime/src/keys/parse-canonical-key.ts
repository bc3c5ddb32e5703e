import { assert } from '../base/assert.ts'
import { flinkMurmurHash } from './flink-murmur-hash.ts'
import { keyGroupOf } from './key-group.ts'
import { compositeTextHashCode } from './key-hash.ts'

const MARK = 0

/**
 * A key out of what `canonicalKey` made of it: the same key, but for the order of properties (sorted), -0 (0), and null
 * prototypes (plain objects). Primitives cost nothing.
 */
export function keyOfCanonical(canonical: unknown): unknown {
  if (typeof canonical !== 'string' || canonical.charCodeAt(0) !== MARK) return canonical
  if (canonical.charCodeAt(1) === MARK) return canonical.slice(1)
  const parser = new CanonicalKeyParser(canonical)
  return parser.parse()
}

/** The key group of the key that `canonicalKey` made this of. */
export function keyGroupOfCanonical(canonical: unknown, maxParallelism: number): number {
  if (typeof canonical !== 'string' || canonical.charCodeAt(0) !== MARK) return keyGroupOf(canonical, maxParallelism)
  const text = canonical.slice(1)
  if (text.charCodeAt(0) === MARK) return keyGroupOf(text, maxParallelism)
  return flinkMurmurHash(compositeTextHashCode(text)) % maxParallelism
}

/** Reads the text of `compositeKeyText`, behind the mark. */
class CanonicalKeyParser {
  readonly #text: string
  #at = 1

  constructor(text: string) {
    this.#text = text
  }

  parse(): unknown {
    const value = this.#value()
    assert(this.#at === this.#text.length, () => `the text of a key has something left at ${this.#at}`)
    return value
  }

  #value(): unknown {
    switch (this.#text[this.#at]) {
      case '[':
        return this.#array()
      case '{':
        return this.#object()
      default:
        return this.#leaf()
    }
  }

  #array(): unknown[] {
    const values: unknown[] = []
    this.#at++
    while (this.#text[this.#at] !== ']') {
      if (values.length > 0) this.#at++
      values.push(this.#value())
    }
    this.#at++
    return values
  }

  #object(): object {
    const object: Record<string, unknown> = {}
    this.#at++
    while (this.#text[this.#at] !== '}') {
      if (this.#text[this.#at] === ',') this.#at++
      const name = this.#leaf() as string
      this.#at++
      const value = this.#value()
      if (name in object)
        Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
      else object[name] = value
    }
    this.#at++
    return object
  }

  /** A length and that many characters, or all up to the next separator. */
  #leaf(): unknown {
    const text = this.#text
    const start = this.#at
    let at = start
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === 0x22) {
        const length = Number(text.slice(start, at))
        this.#at = at + 1 + length
        return text.slice(at + 1, this.#at)
      }
      // , ] : }
      if (code === 0x2c || code === 0x5d || code === 0x3a || code === 0x7d) break
    }
    assert(at > start, () => `the text of a key has nothing at ${start}`)
    this.#at = at
    const word = text.slice(start, at)
    if (word === 'true') return true
    if (word === 'false') return false
    if (word === 'null') return null
    return word.endsWith('n') ? BigInt(word.slice(0, -1)) : Number(word)
  }
}
