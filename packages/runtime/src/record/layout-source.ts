/**
 * How a value lies in a row, for the generators of writers and readers. A row is a sequence of 32-bit words; fixed parts
 * are addressed by constants, so that their room is checked once. Numbers of 64 bits need not be aligned: they go through
 * a DataView, which costs the same as a Float64Array. Texts are in the blob of their block; the row has their lengths.
 */
export const Words = {
  int: 1,
  /** Also of a date. */
  double: 2,
  /** The length, or `nullText` or `undefinedText`. */
  string: 1,
  boolean: 1,
  /** A tag and 64 bits. */
  scalar: 3,
  /** What stands before a value that may be absent. */
  presence: 1,
  /** The length of a list or map. */
  length: 1,
  /** A row or tuple without contents, so that there are never more values than words. */
  empty: 1,
} as const

export const nullText = -1
export const undefinedText = -2

export const ScalarTag = { null: 0, undefined: 1, false: 2, true: 3, int: 4, double: 5, string: 6 } as const

/** `missing` only for fields of declared rows. */
export const Presence = { value: 0, null: 1, undefined: 2, missing: 3 } as const

/**
 * Source text of a function on rows. Between two calls of `flush`, words are claimed at fixed offsets from `p`; the
 * check of their room is put before them.
 */
export class RowSource {
  readonly #lines: string[] = []
  readonly #onShortage: (words: number) => string
  #checkAt = -1
  #words = 0
  #names = 0

  constructor(onShortage: (words: number) => string) {
    this.#onShortage = onShortage
  }

  add(line: string): void {
    this.#lines.push(line)
  }

  /** A name that is not taken. */
  name(): string {
    return `v${this.#names++}`
  }

  /** Room for `words` at the place that is answered, an expression. */
  claim(words: number): string {
    if (this.#checkAt < 0) {
      this.#checkAt = this.#lines.length
      this.#lines.push('')
    }
    const at = this.#words
    this.#words += words
    return at === 0 ? 'p' : `p + ${at}`
  }

  /** Moves `p` behind what was claimed. Due before and after everything that is repeated, optional or of variable size. */
  flush(): void {
    if (this.#checkAt < 0) return
    this.#lines[this.#checkAt] = this.#onShortage(this.#words)
    this.#lines.push(`p += ${this.#words}`)
    this.#checkAt = -1
    this.#words = 0
  }

  toString(): string {
    this.flush()
    return this.#lines.join('\n')
  }
}

let sources = 0

/** A name for a generated function in stacks and profiles. Unique, since V8 shares type feedback between equal sources. */
export function uniqueSourceUrl(what: string): string {
  return `\n//# sourceURL=millrace-generated/${what}-${++sources}.js`
}
