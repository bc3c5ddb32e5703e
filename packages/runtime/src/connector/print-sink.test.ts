import { expect, test } from 'vitest'
import { testJobInfo } from '../testing/connector-contexts.ts'
import { PrintSink } from './print-sink.ts'
import type { SinkWriterContext } from './sink.ts'

test.each([
  { label: undefined, parallelism: 1, line: 'a b' },
  { label: 'out', parallelism: 1, line: 'out> a b' },
  { label: undefined, parallelism: 4, line: '3> a b' },
  { label: 'out', parallelism: 4, line: 'out:3> a b' },
])('PrintSink prefixes lines as Flink does: label $label, parallelism $parallelism', ({ label, parallelism, line }) => {
  const sink = new PrintSink<string>(label === undefined ? {} : { label })
  expect(print(sink, ['a b'], parallelism === 1 ? 0 : 2, parallelism)).toEqual([`${line}\n`])
})

test('PrintSink prints values that are not strings in one line each, cut in depth and length', () => {
  class Broken extends Error {}
  const records = [
    -0,
    12n,
    undefined,
    { id: 1, tags: ['x', 'y'], at: { deep: { deeper: { deepest: { end: { x: 1 } } } } } },
    new Map([['k', new Set([1])]]),
    'two\nlines',
    Array.from({ length: 102 }, () => 0),
  ]
  expect(print(new PrintSink<unknown>(), records, 0, 1)).toEqual([
    '-0\n',
    '12n\n',
    'undefined\n',
    "{ id: 1, tags: [ 'x', 'y' ], at: { deep: { deeper: { deepest: { end: [Object] } } } } }\n",
    "Map(1) { 'k' => Set(1) { 1 } }\n",
    'two\nlines\n',
    `[ ${'0, '.repeat(100)}... 2 more items ]\n`,
  ])
  expect(print(new PrintSink<unknown>(), [new Broken('gone')], 0, 1)[0]?.match(/\n/g)).toHaveLength(1)
})

test('PrintSink pushes back when the standard output does', () => {
  const waiting = new Promise<void>(() => {})
  const writer = new PrintSink<number>().createWriter(contextOf(0, 1, () => waiting))
  expect(writer.write(1)).toBe(waiting)
})

function print<T>(sink: PrintSink<T>, records: readonly T[], index: number, parallelism: number): string[] {
  const written: string[] = []
  const writer = sink.createWriter(contextOf(index, parallelism, (text) => void written.push(text)))
  for (const record of records) void writer.write(record)
  return written
}

function contextOf(
  index: number,
  parallelism: number,
  write: (text: string) => void | Promise<void>,
): SinkWriterContext {
  const ignore = () => {}
  return {
    jobInfo: testJobInfo(),
    taskInfo: { name: 'Sink: Print', index, parallelism, maxParallelism: 128, attempt: 0 },
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    metrics: { counter: () => ({ inc: ignore, count: () => 0 }), gauge: () => ({ set: ignore }) },
    clock: { now: () => 0, monotonicMs: () => 0, schedule: () => ignore },
    signal: new AbortController().signal,
    standardOutput: { write },
    checkpointingEnabled: false,
    restoredCheckpointId: undefined,
  }
}
