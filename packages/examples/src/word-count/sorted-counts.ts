import type { RichFlatMapFunction } from '@millrace/runtime'
import { compareAsUtf8 } from './compare-as-utf8.ts'

/** A word and how often it has come. */
export type WordCount = readonly [word: string, count: number]

/** Gathers the final counts and, at the end of the input, makes lines `count<TAB>word` of them, in the order of words. */
export class SortedCounts implements RichFlatMapFunction<WordCount, string> {
  readonly #counts: WordCount[] = []

  flatMap(count: WordCount): void {
    this.#counts.push(count)
  }

  *endInput(): Iterable<string> {
    this.#counts.sort(([a], [b]) => compareAsUtf8(a, b))
    for (const [word, count] of this.#counts) yield `${count}\t${word}`
  }
}
