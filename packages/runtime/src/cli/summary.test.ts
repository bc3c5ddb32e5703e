import { expect, test } from 'vitest'
import type { VertexMetrics } from '../cluster/job-handle.ts'
import { plain } from './palette.ts'
import { elapsed, longCount, percent, shortCount } from './quantities.ts'
import { type JobSummary, summaryJson, summaryLines } from './summary.ts'

const source: VertexMetrics = {
  name: 'Source: Access Log -> Parse',
  parallelism: 2,
  recordsIn: 1_000_000,
  recordsOut: 999_998,
  bytesIn: 120_000_000,
  bytesOut: 40_000_000,
  busyMs: 7_500.4,
  backPressuredMs: 100.2,
  idleMs: 399.4,
  subtaskStates: { FINISHED: 2 },
  counters: { 'Parse.malformed': 1_002, 'Parse.ok': 998_998 },
}
const sink: VertexMetrics = {
  ...source,
  name: 'Table: Writer',
  parallelism: 1,
  recordsIn: 999_998,
  recordsOut: 0,
  busyMs: 400,
  counters: {},
}
const summary: JobSummary = {
  jobName: 'access-log',
  jobId: '0123abcd',
  status: 'FINISHED',
  durationMs: 4_000,
  metrics: { status: 'FINISHED', elapsedMs: 4_000, vertices: [source, sink] },
}

test('the summary is a table of the vertices and a list of the counters', () => {
  expect(summaryLines(summary, plain)).toEqual([
    'Job access-log (0123abcd) FINISHED after 4.0 s',
    'vertex                       par.  records in  records out  records/s  busy',
    'Source: Access Log -> Parse     2   1,000,000      999,998    250,000   94%',
    'Table: Writer                   1     999,998            0    250,000   10%',
    'Parse.malformed  1,002',
    'Parse.ok         998,998',
  ])
})

test('what is no counter is not among them', () => {
  const counters = { 'Read.bytes': 5, 'Read.pendingRecords': 7 }
  const vertices = [{ ...sink, counters, gauges: ['Read.pendingRecords'] }]
  const metrics = { ...summary.metrics, vertices }
  expect(summaryLines({ ...summary, metrics }, plain).slice(3)).toEqual(['Read.bytes  5'])
})

test('the summary of a job that never ran is one line', () => {
  const nothing = { ...summary, durationMs: 0, metrics: { status: 'CANCELED', elapsedMs: 0, vertices: [] } } as const
  expect(summaryLines({ ...nothing, status: 'CANCELED' }, plain)).toEqual([
    'Job access-log (0123abcd) CANCELED after 0.0 s',
  ])
})

test('the summary for programs is one line of JSON', () => {
  const error = { code: 'JOB_FAILED', message: 'two\nlines' }
  const text = summaryJson({ ...summary, status: 'FAILED', error })
  expect(text).not.toContain('\n')
  expect(JSON.parse(text)).toEqual({
    type: 'summary',
    jobId: '0123abcd',
    jobName: 'access-log',
    status: 'FAILED',
    durationMs: 4_000,
    restarts: 0,
    vertices: [
      {
        name: 'Source: Access Log -> Parse',
        parallelism: 2,
        recordsIn: 1_000_000,
        recordsOut: 999_998,
        recordsPerSecond: 250_000,
        bytesIn: 120_000_000,
        bytesOut: 40_000_000,
        busyMs: 7_500,
        backPressuredMs: 100,
        idleMs: 399,
        counters: { 'Parse.malformed': 1_002, 'Parse.ok': 998_998 },
      },
      {
        name: 'Table: Writer',
        parallelism: 1,
        recordsIn: 999_998,
        recordsOut: 0,
        recordsPerSecond: 250_000,
        bytesIn: 120_000_000,
        bytesOut: 40_000_000,
        busyMs: 400,
        backPressuredMs: 100,
        idleMs: 399,
        counters: {},
      },
    ],
    error,
  })
})

test('quantities are short enough for their columns', () => {
  expect(
    [0, 7.4, 999.4, 999.6, 1_234, 9_940, 9_960, 123_456, 999_500, 1e6, 12.3e6, 5e9, 7e12, 8e15].map(shortCount),
  ).toEqual(['0', '7', '999', '1.0k', '1.2k', '9.9k', '10k', '123k', '1.0M', '1.0M', '12M', '5.0G', '7.0T', '8000T'])
  expect([0, 0.004, 0.5, 1, 1.2].map(percent)).toEqual(['0%', '0%', '50%', '100%', '100%'])
  expect([0, 59_949, 59_960, 125_000, 3_600_000, 7_384_000].map(elapsed)).toEqual([
    '0.0 s',
    '59.9 s',
    '1 min 00 s',
    '2 min 05 s',
    '1 h 00 min',
    '2 h 03 min',
  ])
  expect(longCount(1_234_567.8)).toBe('1,234,568')
})
