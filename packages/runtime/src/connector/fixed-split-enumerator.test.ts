import { expect, test } from 'vitest'
import { SystemClock } from '../base/clock.ts'
import { silentLogger, testJobInfo } from '../testing/connector-contexts.ts'
import { FixedSplitEnumerator } from './fixed-split-enumerator.ts'
import type { SourceSplit, SplitEnumeratorContext } from './source.ts'

test('FixedSplitEnumerator deals what no reader had got over as many readers as there are after a restore', () => {
  const before = told(2)
  const enumerator = new FixedSplitEnumerator(splitsOf('a', 'b', 'c', 'd', 'e'), before.context)
  enumerator.addReader(1)
  expect(before.seen).toEqual(['1:b', '1:d', '1:end'])
  const state = structuredClone(enumerator.snapshotState())
  expect(state).toEqual({ unassigned: splitsOf('a', 'c', 'e') })

  const after = told(4)
  const restored = FixedSplitEnumerator.restore(state, after.context)
  for (const subtaskIndex of [3, 0, 2, 1]) restored.addReader(subtaskIndex)
  expect(after.seen).toEqual(['3:end', '0:a', '0:end', '2:e', '2:end', '1:c', '1:end'])
  expect(restored.snapshotState()).toEqual({ unassigned: [] })
})

function splitsOf(...ids: readonly string[]): SourceSplit[] {
  return ids.map((splitId) => ({ splitId }))
}

/** What readers are told, in order. */
function told(parallelism: number): { context: SplitEnumeratorContext<SourceSplit>; seen: string[] } {
  const seen: string[] = []
  const context: SplitEnumeratorContext<SourceSplit> = {
    jobInfo: testJobInfo(),
    parallelism,
    logger: silentLogger,
    clock: new SystemClock(),
    signal: new AbortController().signal,
    registeredReaders: () => [],
    assignSplit: ({ splitId }, subtaskIndex) => seen.push(`${subtaskIndex}:${splitId}`),
    signalNoMoreSplits: (subtaskIndex) => seen.push(`${subtaskIndex}:end`),
    sendEventToReader: () => {},
  }
  return { context, seen }
}
