import { describe, expect, test } from 'vitest'
import type { JobMetrics, VertexMetrics } from '../cluster/job-handle.ts'
import { liveView } from './live-view.ts'
import { colored, plain } from './palette.ts'
import { textWidth } from './text-width.ts'

function vertex(name: string, facts: Partial<VertexMetrics>): VertexMetrics {
  return {
    name,
    parallelism: 1,
    recordsIn: 0,
    recordsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    busyMs: 0,
    backPressuredMs: 0,
    idleMs: 0,
    subtaskStates: { RUNNING: 1 },
    counters: {},
    ...facts,
  }
}

const before: JobMetrics = {
  status: 'RUNNING',
  elapsedMs: 11_000,
  vertices: [
    vertex('Source: Text -> Flat Map', { parallelism: 2, recordsIn: 1_000_000, recordsOut: 9_000_000, busyMs: 20_000 }),
    vertex('Keyed Reduce -> Print: Writer', { recordsIn: 9_000_000 }),
  ],
}
const now: JobMetrics = {
  status: 'RUNNING',
  elapsedMs: 12_000,
  vertices: [
    vertex('Source: Text -> Flat Map', {
      parallelism: 2,
      recordsIn: 1_250_000,
      recordsOut: 11_500_000,
      busyMs: 21_000,
      backPressuredMs: 1_200,
      subtaskStates: { RUNNING: 1, FINISHED: 1 },
    }),
    vertex('Keyed Reduce -> Print: Writer', {
      recordsIn: 9_000_950,
      recordsOut: 12,
      busyMs: 950,
      subtaskStates: { FINISHED: 1 },
    }),
  ],
}

function view(width: number, height = 24, metrics: JobMetrics = now): readonly string[] {
  return liveView({ jobName: 'word-count', jobId: '0123abcd', now: metrics, before, width, height, palette: plain })
}

describe('the live view', () => {
  test('shows one line for each vertex under the state of the job', () => {
    expect(view(120)).toEqual([
      'word-count  0123abcd  RUNNING  12.0 s',
      'vertex                         par.  state           in/s   out/s   total  busy           back pr.',
      'Source: Text -> Flat Map          2  RUNNING         250k    2.5M     12M  ████░░░░  50%       60%',
      'Keyed Reduce -> Print: Writer     1  FINISHED         950      12    9.0M  ████████  95%        0%',
    ])
  })

  test('shows how many records a source has still to read, where one tells it', () => {
    const [source, sink] = now.vertices
    const counters = { 'Source: Text.pendingRecords': 1_234_567, 'Source: Text.sourceIdleTime': 3 }
    expect(view(120, 24, { ...now, vertices: [{ ...source!, counters }, sink!] })).toEqual([
      'word-count  0123abcd  RUNNING  12.0 s',
      'vertex                         par.  state           in/s   out/s     lag   total  busy           back pr.',
      'Source: Text -> Flat Map          2  RUNNING         250k    2.5M    1.2M     12M  ████░░░░  50%       60%',
      'Keyed Reduce -> Print: Writer     1  FINISHED         950      12            9.0M  ████████  95%        0%',
    ])
    expect(view(52, 24, { ...now, vertices: [{ ...source!, counters }, sink!] })).toEqual([
      'word-count  0123abcd  RUNNING  12.0 s',
      'vertex          in/s   out/s     lag  busy',
      'Source: Tex…    250k    2.5M    1.2M  ████░░░░  50%',
      'Keyed Reduc…     950      12          ████████  95%',
    ])
  })

  test('drops columns and shortens names where the terminal is narrow', () => {
    expect(view(60)).toEqual([
      'word-count  0123abcd  RUNNING  12.0 s',
      'vertex          state           in/s   out/s  busy',
      'Source: Text …  RUNNING         250k    2.5M  ████░░░░  50%',
      'Keyed Reduce …  FINISHED         950      12  ████████  95%',
    ])
    expect(view(24)).toEqual([
      'word-count  0123abcd  …',
      'vertex            out/s',
      'Source: Text -…    2.5M',
      'Keyed Reduce -…      12',
    ])
  })

  test('never is wider than the terminal, nor higher', () => {
    for (let width = 1; width <= 130; width++) {
      for (const line of view(width))
        expect(textWidth(line), `width ${width}: ${line}`).toBeLessThan(Math.max(2, width))
    }
    const many: JobMetrics = { ...now, vertices: Array.from({ length: 40 }, (_, i) => vertex(`Map ${i}`, {})) }
    for (let height = 6; height <= 50; height++) expect(view(80, height, many).length).toBeLessThan(height)
    expect(view(80, 10, many).at(-1)).toBe('and 34 more')
    expect(view(80, 60, many)).toHaveLength(42)
  })

  test('counts wide characters as two columns', () => {
    const metrics: JobMetrics = { ...now, vertices: [vertex('地図を作る', {}), vertex('Map', {})] }
    const [first = '', second = ''] = view(120, 24, metrics).slice(2)
    expect(textWidth(first)).toBe(textWidth(second))
    expect(first).toContain('地図を作る')
  })

  test('has rates from the start while there is no earlier reading', () => {
    const [, , first = ''] = liveView({
      jobName: 'j',
      jobId: 'i',
      now,
      before: undefined,
      width: 120,
      height: 24,
      palette: plain,
    })
    expect(first).toContain('104k    958k')
  })

  test('has escape sequences only with colors', () => {
    const lines = liveView({ jobName: 'j', jobId: 'i', now, before, width: 120, height: 24, palette: colored })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
    expect(lines.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(
      liveView({ jobName: 'j', jobId: 'i', now, before, width: 120, height: 24, palette: plain }),
    )
    expect(lines.join('')).toContain('\u001b[')
    expect(view(120).join('')).not.toContain('\u001b')
  })
})
