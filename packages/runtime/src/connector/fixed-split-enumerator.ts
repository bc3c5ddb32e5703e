import type { SourceSplit, SplitEnumerator, SplitEnumeratorContext } from './source.ts'

/**
 * For sources that know their splits beforehand: the split at position i goes to subtask i, and every reader is told
 * at once that no more follow. There are at most as many splits as subtasks.
 */
export class FixedSplitEnumerator<SplitT extends SourceSplit> implements SplitEnumerator {
  readonly #splits: readonly SplitT[]
  readonly #context: SplitEnumeratorContext<SplitT>

  constructor(splits: readonly SplitT[], context: SplitEnumeratorContext<SplitT>) {
    this.#splits = splits
    this.#context = context
  }

  start(): void {}

  addReader(subtaskIndex: number): void {
    const split = this.#splits[subtaskIndex]
    if (split !== undefined) this.#context.assignSplit(split, subtaskIndex)
    this.#context.signalNoMoreSplits(subtaskIndex)
  }

  // Readers of fixed splits have nothing to ask for.
  handleSplitRequest(): void {}
}
