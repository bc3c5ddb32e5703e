import type { Source, SourceReader, SourceReaderContext, SourceSplit } from '@millrace/runtime/connector'
import { nowUs } from './now.ts'

/**
 * Reads as `source` does, and reports when the first record of each subtask was made: as `firstRecordUs` knows, 0 while there is
 * none, or, without it, before the first poll that may make records, so that the work for the first one is in the figure.
 */
export function timedSource<T, SplitT extends SourceSplit>(
  source: Source<T, SplitT>,
  firstRecordUs?: () => number,
): Source<T, SplitT> {
  const { boundedness, defaultParallelism, parallelismMax } = source
  return {
    boundedness,
    ...(defaultParallelism !== undefined && { defaultParallelism }),
    ...(parallelismMax !== undefined && { parallelismMax }),
    createEnumerator: (context) => source.createEnumerator(context),
    ...(source.restoreEnumerator && {
      restoreEnumerator: (context, state) => source.restoreEnumerator!(context, state),
    }),
    createReader: (context) => timedReader(source.createReader(context), context, firstRecordUs),
  }
}

function timedReader<T, SplitT extends SourceSplit>(
  reader: SourceReader<T, SplitT>,
  { metrics, taskInfo }: SourceReaderContext,
  firstRecordUs: (() => number) | undefined,
): SourceReader<T, SplitT> {
  let hasSplits = false
  let isTimed = false
  const report = (atUs: number): void => {
    if (atUs === 0) return
    isTimed = true
    metrics.counter(`firstRecordUs-${taskInfo.index}`).inc(atUs)
  }
  return {
    start: () => reader.start?.(),
    pollNext: (output) => {
      if (isTimed) return reader.pollNext(output)
      if (firstRecordUs === undefined && hasSplits) report(nowUs())
      const status = reader.pollNext(output)
      if (firstRecordUs !== undefined) report(firstRecordUs())
      return status
    },
    isAvailable: () => reader.isAvailable(),
    addSplits: (splits) => {
      hasSplits = true
      reader.addSplits(splits)
    },
    notifyNoMoreSplits: () => reader.notifyNoMoreSplits(),
    handleSourceEvent: (event) => reader.handleSourceEvent?.(event),
    ...(reader.snapshotState && { snapshotState: (checkpointId) => reader.snapshotState!(checkpointId) }),
    notifyCheckpointComplete: (checkpointId) => reader.notifyCheckpointComplete?.(checkpointId),
    notifyCheckpointAborted: (checkpointId) => reader.notifyCheckpointAborted?.(checkpointId),
    close: () => reader.close?.(),
  }
}
