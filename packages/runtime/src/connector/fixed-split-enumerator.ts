import type { SourceSplit, SplitEnumerator, SplitEnumeratorContext } from './source.ts'

/** What a {@link FixedSplitEnumerator} keeps in snapshots. */
export interface FixedSplitState<SplitT extends SourceSplit> {
  readonly unassigned: readonly SplitT[]
}

/**
 * For sources that know their splits beforehand: the split at position i goes to subtask i, modulo the parallelism, as
 * soon as its reader is there, and every reader is told at once that no more follow. Splits that were not assigned when a
 * snapshot was taken are dealt out anew, over as many readers as there are then.
 *
 * @example
 * class Letters implements Source<string> {
 *   readonly boundedness = 'bounded'
 *   createEnumerator(context: SplitEnumeratorContext<SourceSplit>): SplitEnumerator {
 *     return new FixedSplitEnumerator([{ splitId: 'a' }, { splitId: 'b' }, { splitId: 'c' }], context)
 *   }
 *   restoreEnumerator(context: SplitEnumeratorContext<SourceSplit>, state: unknown): SplitEnumerator {
 *     return FixedSplitEnumerator.restore(state, context)
 *   }
 *   createReader(): SourceReader<string, SourceSplit> {
 *     const unread: SourceSplit[] = []
 *     return {
 *       addSplits: (splits) => void unread.push(...splits),
 *       notifyNoMoreSplits: () => {}, // All splits have come before.
 *       isAvailable: () => Promise.resolve(),
 *       pollNext(output) {
 *         const split = unread.shift()
 *         if (split === undefined) return 'end-of-input'
 *         output.collect(split.splitId)
 *         return 'more-available'
 *       },
 *       snapshotState: () => unread,
 *     }
 *   }
 * }
 * const { records } = await readSource(new Letters(), { clock: new SystemClock(), parallelism: 2 })
 * records // -> [['a', 'c'], ['b']]
 */
export class FixedSplitEnumerator<SplitT extends SourceSplit> implements SplitEnumerator {
  /** By the subtask that gets them. */
  readonly #unassigned: Map<number, SplitT[]>
  readonly #context: SplitEnumeratorContext<SplitT>

  constructor(splits: readonly SplitT[], context: SplitEnumeratorContext<SplitT>) {
    this.#unassigned = new Map()
    for (const [position, split] of splits.entries()) {
      const subtaskIndex = position % context.parallelism
      const share = this.#unassigned.get(subtaskIndex)
      if (share === undefined) this.#unassigned.set(subtaskIndex, [split])
      else share.push(split)
    }
    this.#context = context
  }

  /**
   * Goes on from `state`, which `snapshotState` answered.
   *
   * @example
   * // See FixedSplitEnumerator: it is what `restoreEnumerator` of a source calls.
   * FixedSplitEnumerator.restore.length // -> 2
   */
  static restore<SplitT extends SourceSplit>(
    state: unknown,
    context: SplitEnumeratorContext<SplitT>,
  ): FixedSplitEnumerator<SplitT> {
    // Of this source's own making: a snapshot answers each operator what it gave.
    return new FixedSplitEnumerator((state as FixedSplitState<SplitT>).unassigned, context)
  }

  /** Nothing has to be found. @internal */
  start(): void {}

  /** Assigns the reader's share. @internal */
  addReader(subtaskIndex: number): void {
    for (const split of this.#unassigned.get(subtaskIndex) ?? []) this.#context.assignSplit(split, subtaskIndex)
    this.#unassigned.delete(subtaskIndex)
    this.#context.signalNoMoreSplits(subtaskIndex)
  }

  /** Readers of fixed splits have nothing to ask for. @internal */
  handleSplitRequest(): void {}

  /** The splits of readers that are not there yet. @internal */
  snapshotState(): FixedSplitState<SplitT> {
    const shares = [...this.#unassigned].sort(([a], [b]) => a - b)
    return { unassigned: shares.flatMap(([, splits]) => splits) }
  }
}
