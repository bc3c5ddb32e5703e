/** Longer texts are not packed; so many characters at either end count for their hash. */
const CHARACTERS_MAX = 64
const HASHED_AT_ENDS = 32
const CHARACTERS_PER_WORD = 4

/**
 * The characters of a text, four in a word, so that it can be compared with others that are kept like that. Texts that are
 * long, or have characters beyond Latin-1, are not packed.
 */
export class PackedText {
  static readonly charactersPerWord: number = CHARACTERS_PER_WORD
  /** Zeros fill up the last one. */
  readonly words: Int32Array = new Int32Array(CHARACTERS_MAX / CHARACTERS_PER_WORD)
  /** -1 if the text is not packed. */
  wordCount = 0

  /** Answers the hash of the text, whether it is packed or not. */
  pack(text: string): number {
    const { length } = text
    if (length > CHARACTERS_MAX) {
      this.wordCount = -1
      return hashOfLong(text)
    }
    const { words } = this
    let hash = length
    let union = 0
    let wordCount = 0
    let i = 0
    for (const whole = length & ~3; i < whole; i += CHARACTERS_PER_WORD) {
      const a = text.charCodeAt(i)
      const b = text.charCodeAt(i + 1)
      const c = text.charCodeAt(i + 2)
      const d = text.charCodeAt(i + 3)
      union |= a | b | c | d
      words[wordCount++] = a | (b << 8) | (c << 16) | (d << 24)
      hash = (Math.imul(Math.imul(Math.imul(Math.imul(hash, 31) + a, 31) + b, 31) + c, 31) + d) | 0
    }
    if (i < length) {
      let word = 0
      for (let shift = 0; i < length; i++, shift += 8) {
        const code = text.charCodeAt(i)
        union |= code
        word |= code << shift
        hash = (Math.imul(hash, 31) + code) | 0
      }
      words[wordCount++] = word
    }
    this.wordCount = union > 0xff ? -1 : wordCount
    return hash
  }
}

function hashOfLong(text: string): number {
  const { length } = text
  let hash = length
  for (let i = 0; i < HASHED_AT_ENDS; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  for (let i = length - HASHED_AT_ENDS; i < length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
