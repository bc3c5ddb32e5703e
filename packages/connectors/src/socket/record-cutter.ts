import type { ReaderOutput } from '@millrace/runtime/connector'

/** Cuts text that arrives in pieces at a delimiter. */
export class RecordCutter {
  readonly #delimiter: string
  /** Lines may end with CRLF as well. */
  readonly #dropsCarriageReturn: boolean
  readonly #pieces: string[] = []
  #text = ''
  #position = 0
  /** No delimiter begins in `#text` between `#position` and here. */
  #searchedTo = 0
  #bufferedChars = 0
  /** Whether there may be some. */
  #hasWholeRecords = false

  constructor(delimiter: string) {
    this.#delimiter = delimiter
    this.#dropsCarriageReturn = delimiter === '\n'
  }

  /** How much text was put in and not given out yet, in UTF-16 code units. */
  get bufferedChars(): number {
    return this.#bufferedChars
  }

  /** Once `emit` has answered true: how much of that is the start of a record without its end. Before it, 0. */
  get unfinishedChars(): number {
    return this.#hasWholeRecords ? 0 : this.#bufferedChars
  }

  put(text: string): void {
    if (text === '') return
    this.#bufferedChars += text.length
    this.#pieces.push(text)
    this.#hasWholeRecords = true
  }

  /** Emits whole records. False if the output is full, true if there is no further whole record. */
  emit(output: ReaderOutput<string>): boolean {
    for (;;) {
      for (;;) {
        const end = this.#text.indexOf(this.#delimiter, this.#searchedTo)
        if (end < 0) break
        const record = this.#cut(end)
        this.#bufferedChars -= end + this.#delimiter.length - this.#position
        this.#position = this.#searchedTo = end + this.#delimiter.length
        if (!output.collect(record)) return false
      }
      const piece = this.#pieces.shift()
      if (piece === undefined) {
        this.#hasWholeRecords = false
        return true
      }
      const rest = this.#text.substring(this.#position)
      this.#text = rest + piece
      this.#position = 0
      // A delimiter of several characters may have begun in the rest.
      this.#searchedTo = Math.max(0, rest.length - this.#delimiter.length + 1)
    }
  }

  /** What came after the last delimiter, and forgets it. Empty if nothing did. */
  takeRest(): string {
    const rest = this.#text.substring(this.#position) + this.#pieces.splice(0).join('')
    this.#text = ''
    this.#position = this.#searchedTo = this.#bufferedChars = 0
    this.#hasWholeRecords = false
    return rest
  }

  /** Forgets what came after the last delimiter, and keeps the whole records before it. */
  dropUnfinished(): void {
    const text = this.#text.substring(this.#position) + this.#pieces.splice(0).join('')
    let end = 0
    for (let at = text.indexOf(this.#delimiter); at >= 0; at = text.indexOf(this.#delimiter, end)) {
      end = at + this.#delimiter.length
    }
    this.#text = text.substring(0, end)
    this.#position = this.#searchedTo = 0
    this.#bufferedChars = end
    this.#hasWholeRecords = end > 0
  }

  #cut(end: number): string {
    const isAfterCarriageReturn = this.#dropsCarriageReturn && end > this.#position && this.#text[end - 1] === '\r'
    return this.#text.substring(this.#position, isAfterCarriageReturn ? end - 1 : end)
  }
}
